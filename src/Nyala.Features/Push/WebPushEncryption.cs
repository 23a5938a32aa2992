using System.Buffers.Binary;
using System.Security.Cryptography;
using Nyala.Core.Routing;

namespace Nyala.Features.Push;

/// <summary>Message Encryption for Web Push: one record that only the browser can read.</summary>
[Rfc(8188, Note = "one record")]
[Rfc(8291)]
public static class WebPushEncryption
{
    /// <summary>Bytes of an uncompressed point of P-256.</summary>
    public const int PointSize = 65;

    const int SaltSize = 16;
    const int KeySize = 16;
    const int NonceSize = 12;
    const int TagSize = 16;
    const int HeaderSize = SaltSize + 4 + 1 + PointSize;

    /// <summary>What every push service takes (RFC 8291 §4).</summary>
    const int RecordSize = 4_096;

    /// <summary>Bytes of a message at most.</summary>
    public const int MostBytes = RecordSize - HeaderSize - TagSize - 1;

    /// <summary>Whether these bytes are a point on the curve.</summary>
    public static bool IsPoint(ReadOnlySpan<byte> point)
    {
        if (point.Length != PointSize || point[0] != 4)
        {
            return false;
        }

        try
        {
            using var key = ECDiffieHellman.Create(PublicKey(point));
            return true;
        }
        catch (CryptographicException)
        {
            return false;
        }
    }

    /// <summary>Encrypts with a key and salt of this message alone.</summary>
    /// <param name="message">What the browser is to read.</param>
    /// <param name="browserKey">Its point.</param>
    /// <param name="secret">Shared with it.</param>
    /// <param name="padded">Zeros follow up to this length, so that it tells nothing.</param>
    public static byte[] Encrypt(ReadOnlySpan<byte> message, ReadOnlySpan<byte> browserKey, ReadOnlySpan<byte> secret, int padded = 0)
    {
        using var own = ECDiffieHellman.Create(ECCurve.NamedCurves.nistP256);
        return Encrypt(message, browserKey, secret, own, RandomNumberGenerator.GetBytes(SaltSize), padded);
    }

    /// <summary>The same with a given key and salt: for the vectors of RFC 8291 §5.</summary>
    internal static byte[] Encrypt(
        ReadOnlySpan<byte> message, ReadOnlySpan<byte> browserKey, ReadOnlySpan<byte> secret, ECDiffieHellman own, ReadOnlySpan<byte> salt, int padded)
    {
        var content = Math.Max(message.Length, Math.Min(padded, MostBytes));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(content, MostBytes, nameof(message));
        var ownPoint = Point(own.ExportParameters(includePrivateParameters: false).Q);
        Span<byte> key = stackalloc byte[KeySize], nonce = stackalloc byte[NonceSize];
        Derive(browserKey, secret, own, ownPoint, salt, key, nonce);

        // RFC 8188 §2.1, §2: salt, record size, our key; the delimiter 2 marks the last record, zeros behind it are padding.
        var output = new byte[HeaderSize + content + 1 + TagSize];
        salt.CopyTo(output);
        BinaryPrimitives.WriteInt32BigEndian(output.AsSpan(SaltSize), RecordSize);
        output[SaltSize + 4] = PointSize;
        ownPoint.CopyTo(output, SaltSize + 5);
        var plain = new byte[content + 1];
        message.CopyTo(plain);
        plain[message.Length] = 2;
        using var cipher = new AesGcm(key, TagSize);
        cipher.Encrypt(nonce, plain, output.AsSpan(HeaderSize, plain.Length), output.AsSpan(HeaderSize + plain.Length));
        return output;
    }

    /// <summary>An uncompressed point as the key of others.</summary>
    internal static ECParameters PublicKey(ReadOnlySpan<byte> point) => new()
    {
        Curve = ECCurve.NamedCurves.nistP256,
        Q = new() { X = point[1..33].ToArray(), Y = point[33..].ToArray() },
    };

    /// <summary>A point uncompressed.</summary>
    internal static byte[] Point(ECPoint point) => [4, .. point.X!, .. point.Y!];

    /// <summary>RFC 8291 §3.3, §3.4; RFC 8188 §2.2, §2.3.</summary>
    static void Derive(
        ReadOnlySpan<byte> browserKey, ReadOnlySpan<byte> secret, ECDiffieHellman own, ReadOnlySpan<byte> ownPoint, ReadOnlySpan<byte> salt,
        Span<byte> key, Span<byte> nonce)
    {
        using var browser = ECDiffieHellman.Create(PublicKey(browserKey));
        var shared = own.DeriveRawSecretAgreement(browser.PublicKey);
        Span<byte> input = stackalloc byte[32], pseudoRandom = stackalloc byte[32];
        HKDF.Extract(HashAlgorithmName.SHA256, shared, secret, pseudoRandom);
        HKDF.Expand(HashAlgorithmName.SHA256, pseudoRandom, input, [.. "WebPush: info\0"u8, .. browserKey, .. ownPoint]);
        HKDF.Extract(HashAlgorithmName.SHA256, input, salt, pseudoRandom);
        HKDF.Expand(HashAlgorithmName.SHA256, pseudoRandom, key, "Content-Encoding: aes128gcm\0"u8);
        HKDF.Expand(HashAlgorithmName.SHA256, pseudoRandom, nonce, "Content-Encoding: nonce\0"u8);
        CryptographicOperations.ZeroMemory(shared);
    }
}
