using System.Buffers.Binary;
using System.Buffers.Text;
using System.Security.Cryptography;

namespace Nyala.Server.Tests.Features.Push;

/// <summary>A browser's side of a subscription, written from RFC 8291 §3 and RFC 8188 §2 with nothing of what it tests.</summary>
sealed class Browser : IDisposable
{
    readonly ECDiffieHellman _key = ECDiffieHellman.Create(ECCurve.NamedCurves.nistP256);

    public Browser(string endpoint = "https://push.example/send/1") => Endpoint = endpoint;

    public string Endpoint { get; }

    public byte[] Secret { get; } = RandomNumberGenerator.GetBytes(16);

    public byte[] Point
    {
        get
        {
            var q = _key.ExportParameters(false).Q;
            return [4, .. q.X!, .. q.Y!];
        }
    }

    /// <summary>The private number, for programs of others that decrypt.</summary>
    public byte[] Private => _key.ExportParameters(true).D!;

    /// <summary>What a web app sends to enable it.</summary>
    public string Form =>
        "<x xmlns='jabber:x:data' type='submit'><field var='FORM_TYPE'><value>urn:nyala:webpush:0</value></field>"
        + $"<field var='endpoint'><value>{Endpoint}</value></field><field var='p256dh'><value>{Base64Url.EncodeToString(Point)}</value></field>"
        + $"<field var='auth'><value>{Base64Url.EncodeToString(Secret)}</value></field></x>";

    /// <summary>What stands for a chat.</summary>
    public string TopicOf(string chat) => Base64Url.EncodeToString(Mac(Secret, System.Text.Encoding.UTF8.GetBytes(chat)))[..22];

    public byte[] Read(byte[] record)
    {
        var (salt, size, point) = (record[..16], BinaryPrimitives.ReadInt32BigEndian(record.AsSpan(16)), record[21..(21 + record[20])]);
        if (size < record.Length || record[20] != 65)
        {
            throw new InvalidDataException("More than one record.");
        }

        using var sender = ECDiffieHellman.Create(new ECParameters { Curve = ECCurve.NamedCurves.nistP256, Q = new() { X = point[1..33], Y = point[33..] } });
        var input = Mac(Mac(Secret, _key.DeriveRawSecretAgreement(sender.PublicKey)), [.. "WebPush: info\0"u8, .. Point, .. point, 1]);
        var pseudoRandom = Mac(salt, input);
        using var cipher = new AesGcm(Mac(pseudoRandom, [.. "Content-Encoding: aes128gcm\0"u8, 1]).AsSpan(0, 16), 16);
        var plain = new byte[record.Length - 86 - 16];
        cipher.Decrypt(Mac(pseudoRandom, [.. "Content-Encoding: nonce\0"u8, 1]).AsSpan(0, 12), record.AsSpan(86, plain.Length), record.AsSpan(record.Length - 16), plain);
        var end = plain.AsSpan().LastIndexOfAnyExcept((byte)0);
        return plain[end] == 2 ? plain[..end] : throw new InvalidDataException("No end of the last record.");
    }

    public void Dispose() => _key.Dispose();

    static byte[] Mac(byte[] key, byte[] data) => HMACSHA256.HashData(key, data);
}
