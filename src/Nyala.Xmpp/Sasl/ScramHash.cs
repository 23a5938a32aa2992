using System.Security.Cryptography;

namespace Nyala.Xmpp.Sasl;

/// <summary>A hash function that SCRAM is used with (RFC 5802 §4).</summary>
public sealed class ScramHash
{
    /// <summary>The most bytes any of them has.</summary>
    internal const int MaxSize = 64;

    ScramHash(byte id, string mechanism, HashAlgorithmName algorithm, int size)
    {
        Id = id;
        Mechanism = mechanism;
        PlusMechanism = mechanism + "-PLUS";
        Algorithm = algorithm;
        Size = size;
    }

    public static ScramHash Sha1 { get; } = new(1, "SCRAM-SHA-1", HashAlgorithmName.SHA1, 20);

    public static ScramHash Sha256 { get; } = new(2, "SCRAM-SHA-256", HashAlgorithmName.SHA256, 32);

    public static ScramHash Sha512 { get; } = new(3, "SCRAM-SHA-512", HashAlgorithmName.SHA512, 64);

    /// <summary>All of them, the strongest first.</summary>
    public static IReadOnlyList<ScramHash> All { get; } = [Sha512, Sha256, Sha1];

    /// <summary>The mechanism without channel binding.</summary>
    public string Mechanism { get; }

    /// <summary>The mechanism with channel binding.</summary>
    public string PlusMechanism { get; }

    /// <summary>Bytes of a digest.</summary>
    public int Size { get; }

    /// <summary>What stands for this hash in stored keys.</summary>
    internal byte Id { get; }

    internal HashAlgorithmName Algorithm { get; }

    public override string ToString() => Mechanism;

    internal void Digest(ReadOnlySpan<byte> data, Span<byte> digest) => CryptographicOperations.HashData(Algorithm, data, digest);

    internal void Hmac(ReadOnlySpan<byte> key, ReadOnlySpan<byte> data, Span<byte> mac) =>
        CryptographicOperations.HmacData(Algorithm, key, data, mac);

    /// <summary>SaltedPassword (RFC 5802 §3).</summary>
    internal void Salted(string prepared, ReadOnlySpan<byte> salt, int iterations, Span<byte> salted) =>
        Rfc2898DeriveBytes.Pbkdf2(prepared, salt, salted, iterations, Algorithm);
}
