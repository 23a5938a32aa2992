using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Text;
using System.Text.Unicode;

namespace Nyala.Xmpp.Sasl;

/// <summary>What SASL elements carry as text: base64, with a single equals sign for data of no bytes (RFC 6120 §6.4.2).</summary>
public static class SaslData
{
    static readonly SearchValues<char> Alphabet =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=");

    /// <summary>The element's text as bytes, or <see cref="SaslFailure.IncorrectEncoding"/>; white space is not base64.</summary>
    public static bool TryDecode(string text, [NotNullWhen(true)] out byte[]? data)
    {
        data = null;
        if (text is "" or "=")
        {
            data = [];
            return true;
        }

        if (text.AsSpan().ContainsAnyExcept(Alphabet))
        {
            return false;
        }

        var bytes = new byte[(text.Length / 4) * 3];
        if (!Convert.TryFromBase64String(text, bytes, out var written))
        {
            return false;
        }

        data = written == bytes.Length ? bytes : bytes[..written];
        return true;
    }

    /// <summary>Bytes as the element's text.</summary>
    public static string Encode(ReadOnlySpan<byte> data) => data.IsEmpty ? "=" : Convert.ToBase64String(data);

    internal static bool TryUtf8(ReadOnlySpan<byte> bytes, [NotNullWhen(true)] out string? text)
    {
        text = Utf8.IsValid(bytes) ? Encoding.UTF8.GetString(bytes) : null;
        return text is not null;
    }

    /// <summary>
    /// The account a user name names, null for a name that none can have, and whether the client may act as
    /// <paramref name="authorizationId"/>: only as that very account (RFC 6120 §6.3.8).
    /// </summary>
    internal static bool MayActAs(string userName, string domain, string? authorizationId, out Jid? account)
    {
        account = Jid.TryLocal(userName, out var local) ? Jid.FromPrepared(local, domain) : null;
        return authorizationId is null
            || (account is not null && Jid.TryParse(authorizationId, out var wanted) && wanted.Equals(account));
    }
}
