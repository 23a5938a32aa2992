using System.Buffers.Text;
using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text;
using Nyala.Xmpp;
using Nyala.Xmpp.Payloads;
using Nyala.Xmpp.Stanzas;

namespace Nyala.Features.Push;

/// <summary>What a browser's push manager gives to a web app (W3C Push API), as a form of ours carries it.</summary>
/// <param name="Endpoint">Where notifications are sent (RFC 8030 §4).</param>
/// <param name="PublicKey">The browser's key, an uncompressed point of P-256 (RFC 8291 §3.1).</param>
/// <param name="Secret">Shared with the browser (RFC 8291 §3.2).</param>
public sealed record WebPushSubscription(Uri Endpoint, byte[] PublicKey, byte[] Secret)
{
    const int MostEndpoint = 2_048;
    const int SecretSize = 16;

    /// <summary>Reads a stored form.</summary>
    public static bool TryParse(byte[]? stored, [NotNullWhen(true)] out WebPushSubscription? subscription)
    {
        subscription = null;
        try
        {
            return stored is not null && DataForm.TryParse(Stanza.Parse(stored).ToElement(), out var form) && TryParse(form, out subscription);
        }
        catch (FormatException)
        {
            return false;
        }
    }

    /// <summary>Reads what a client has sent; false when a field is missing or impossible.</summary>
    public static bool TryParse(DataForm form, [NotNullWhen(true)] out WebPushSubscription? subscription)
    {
        subscription = null;
        if (form.Type != "submit" || form.FormType != Ns.WebPush
            || form["endpoint"]?.Value is not { Length: <= MostEndpoint } endpoint || !TryEndpoint(endpoint, out var uri)
            || !TryDecode(form["p256dh"]?.Value, WebPushEncryption.PointSize, out var key) || !WebPushEncryption.IsPoint(key)
            || !TryDecode(form["auth"]?.Value, SecretSize, out var secret))
        {
            return false;
        }

        subscription = new(uri, key, secret);
        return true;
    }

    /// <summary>The form again.</summary>
    public DataForm ToForm() => new DataForm("submit", Ns.WebPush)
        .Add(new DataFormField("endpoint", null, [Endpoint.AbsoluteUri]))
        .Add(new DataFormField("p256dh", null, [Base64Url.EncodeToString(PublicKey)]))
        .Add(new DataFormField("auth", null, [Base64Url.EncodeToString(Secret)]));

    /// <summary>
    /// What stands for a chat towards the push service, which learns nothing of it; the browser, which knows the secret, can tell which
    /// it is. Fit for a Topic header (RFC 8030 §5.4).
    /// </summary>
    public string TopicOf(string chat) => Base64Url.EncodeToString(HMACSHA256.HashData(Secret, Encoding.UTF8.GetBytes(chat)))[..22];

    /// <summary>The node of a registration that names none: the same for the same browser.</summary>
    public string Node => Base64Url.EncodeToString(SHA256.HashData(Encoding.UTF8.GetBytes(Endpoint.AbsoluteUri)))[..22];

    /// <summary>RFC 8030 §4: https always.</summary>
    static bool TryEndpoint(string text, [NotNullWhen(true)] out Uri? endpoint) =>
        Uri.TryCreate(text, UriKind.Absolute, out endpoint) && endpoint.Scheme == Uri.UriSchemeHttps && endpoint.Host.Length > 0
        && endpoint.UserInfo.Length == 0 && endpoint.Fragment.Length == 0;

    static bool TryDecode(string? text, int size, out byte[] bytes)
    {
        bytes = new byte[size];
        return text is not null && Base64Url.IsValid(text, out var length) && length == size
            && Base64Url.TryDecodeFromChars(text, bytes, out var written) && written == size;
    }
}
