using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;

namespace Nyala.Xmpp.Sasl;

/// <summary>
/// What a server keeps instead of a password (RFC 5802 §3): enough to check a proof, not enough to make one. Immutable.
/// </summary>
public sealed class ScramKeys
{
    /// <summary>Bytes of a fresh salt, and of a fake one.</summary>
    public const int SaltSize = 16;

    const int MaxIterations = 100_000_000;

    internal ScramKeys(ScramHash hash, byte[] salt, int iterations, byte[] storedKey, byte[] serverKey)
    {
        Hash = hash;
        Salt = salt;
        Iterations = iterations;
        StoredKey = storedKey;
        ServerKey = serverKey;
    }

    public ScramHash Hash { get; }

    /// <summary>PBKDF2 rounds.</summary>
    public int Iterations { get; }

    internal byte[] Salt { get; }

    internal byte[] StoredKey { get; }

    internal byte[] ServerKey { get; }

    /// <summary>Keys of a password under a fresh salt; null when it is no OpaqueString (RFC 8265 §4.2). Slow on purpose: milliseconds.</summary>
    public static ScramKeys? Derive(ScramHash hash, string password, int iterations) =>
        Derive(hash, password, RandomNumberGenerator.GetBytes(SaltSize), iterations);

    /// <summary>Keys of a password under a given salt; null when it is no OpaqueString.</summary>
    public static ScramKeys? Derive(ScramHash hash, string password, ReadOnlySpan<byte> salt, int iterations) =>
        Precis.TryOpaqueString(password, out var prepared) ? DerivePrepared(hash, prepared, salt, iterations) : null;

    /// <summary>Keys of one password for every hash, the strongest first; null when it is no OpaqueString.</summary>
    public static IReadOnlyList<ScramKeys>? DeriveAll(string password, int iterations) =>
        Precis.TryOpaqueString(password, out var prepared)
            ? [.. ScramHash.All.Select(hash => DerivePrepared(hash, prepared, RandomNumberGenerator.GetBytes(SaltSize), iterations))]
            : null;

    /// <summary>Keys that somebody else derived; false when they have not the sizes of the hash.</summary>
    public static bool TryCreate(
        ScramHash hash, ReadOnlySpan<byte> salt, int iterations, ReadOnlySpan<byte> storedKey, ReadOnlySpan<byte> serverKey, [NotNullWhen(true)] out ScramKeys? keys)
    {
        keys = salt.Length is > 0 and <= byte.MaxValue && iterations is > 0 and <= MaxIterations && storedKey.Length == hash.Size && serverKey.Length == hash.Size
            ? new(hash, salt.ToArray(), iterations, storedKey.ToArray(), serverKey.ToArray())
            : null;
        return keys is not null;
    }

    /// <summary>Whether these are the password's keys, for PLAIN. As slow as <see cref="Derive(ScramHash, string, int)"/>, whatever the answer.</summary>
    public bool Verify(string password)
    {
        var valid = Precis.TryOpaqueString(password, out var prepared);
        var derived = DerivePrepared(Hash, prepared ?? password, Salt, Iterations);
        return CryptographicOperations.FixedTimeEquals(derived.StoredKey, StoredKey) && valid;
    }

    /// <summary>The keys for storage; <see cref="TryParse"/> reads them.</summary>
    public byte[] Serialize()
    {
        var bytes = new byte[6 + Salt.Length + (2 * Hash.Size)];
        bytes[0] = Hash.Id;
        BinaryPrimitives.WriteInt32BigEndian(bytes.AsSpan(1), Iterations);
        bytes[5] = (byte)Salt.Length;
        Salt.CopyTo(bytes.AsSpan(6));
        StoredKey.CopyTo(bytes.AsSpan(6 + Salt.Length));
        ServerKey.CopyTo(bytes.AsSpan(6 + Salt.Length + Hash.Size));
        return bytes;
    }

    /// <summary>Reads what <see cref="Serialize"/> wrote; false for anything else.</summary>
    public static bool TryParse(ReadOnlySpan<byte> bytes, [NotNullWhen(true)] out ScramKeys? keys)
    {
        keys = null;
        if (bytes.Length < 6)
        {
            return false;
        }

        var id = bytes[0];
        var hash = ScramHash.All.FirstOrDefault(candidate => candidate.Id == id);
        var iterations = BinaryPrimitives.ReadInt32BigEndian(bytes[1..]);
        int salt = bytes[5];
        if (hash is null || salt == 0 || iterations is <= 0 or > MaxIterations || bytes.Length != 6 + salt + (2 * hash.Size))
        {
            return false;
        }

        var rest = bytes[6..];
        keys = new ScramKeys(
            hash, rest[..salt].ToArray(), iterations, rest.Slice(salt, hash.Size).ToArray(), rest[(salt + hash.Size)..].ToArray());
        return true;
    }

    static ScramKeys DerivePrepared(ScramHash hash, string prepared, ReadOnlySpan<byte> salt, int iterations)
    {
        var client = ScramClientKeys.Derive(hash, prepared, salt.ToArray(), iterations);
        var storedKey = new byte[hash.Size];
        hash.Digest(client.ClientKey, storedKey);
        return new ScramKeys(hash, client.Salt, iterations, storedKey, client.ServerKey);
    }
}
