using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text.Json;
using Nyala.Core.Routing;

namespace Nyala.Features.Push;

/// <summary>How a push service knows this server again: a key of its own, and what it says of itself, signed. Safe from any thread.</summary>
[Rfc(8292)]
public sealed class Vapid
{
    /// <summary>Bytes of the secret that the key is made of.</summary>
    public const int SecretSize = 32;

    /// <summary>§2: at most 24 hours; some services' clocks are wrong.</summary>
    static readonly TimeSpan Lifetime = TimeSpan.FromHours(12);

    /// <summary>The order of P-256: private keys are below.</summary>
    static readonly byte[] Order = Convert.FromHexString("FFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551");

    readonly ECParameters _key;
    readonly string _contact;
    readonly TimeProvider _time;

    /// <param name="secret">Random bytes of this installation.</param>
    /// <param name="contact">Whom a push service may write to: mailto: or https:.</param>
    /// <param name="time">The clock.</param>
    public Vapid(ReadOnlySpan<byte> secret, string contact, TimeProvider time)
    {
        var number = secret.ToArray();
        while (number.AsSpan().SequenceCompareTo(Order) >= 0 || number.AsSpan().IndexOfAnyExcept((byte)0) < 0)
        {
            // One in four thousand million secrets is no private key.
            number = SHA256.HashData(number);
        }

        using var key = ECDsa.Create(new ECParameters { Curve = ECCurve.NamedCurves.nistP256, D = number });
        _key = key.ExportParameters(includePrivateParameters: true);
        PublicKey = Base64Url.EncodeToString(WebPushEncryption.Point(_key.Q));
        _contact = contact;
        _time = time;
    }

    /// <summary>What web apps subscribe with (applicationServerKey): an uncompressed point in base64url.</summary>
    public string PublicKey { get; }

    /// <summary>The value of the Authorization header for an endpoint (§3).</summary>
    public string Authorize(Uri endpoint)
    {
        var claims = JsonSerializer.SerializeToUtf8Bytes(new Dictionary<string, object>
        {
            ["aud"] = endpoint.GetLeftPart(UriPartial.Authority),
            ["exp"] = (_time.GetUtcNow() + Lifetime).ToUnixTimeSeconds(),
            ["sub"] = _contact,
        });
        var token = Base64Url.EncodeToString("""{"typ":"JWT","alg":"ES256"}"""u8) + "." + Base64Url.EncodeToString(claims);
        using var key = ECDsa.Create(_key);
        var signature = key.SignData(System.Text.Encoding.ASCII.GetBytes(token), HashAlgorithmName.SHA256, DSASignatureFormat.IeeeP1363FixedFieldConcatenation);
        return $"vapid t={token}.{Base64Url.EncodeToString(signature)}, k={PublicKey}";
    }
}
