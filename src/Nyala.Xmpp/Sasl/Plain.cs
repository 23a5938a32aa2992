using System.Text;

namespace Nyala.Xmpp.Sasl;

/// <summary>PLAIN (RFC 4616), which only makes sense inside TLS.</summary>
public sealed class Plain
{
    const int MaxMessage = 8192;

    Plain(string userName, Jid? account, string password)
    {
        UserName = userName;
        Account = account;
        Password = password;
    }

    /// <summary>The user name as the client wrote it, for <see cref="FakeCredentials"/>.</summary>
    public string UserName { get; }

    /// <summary>The account that wants in, prepared; null when no account can have that name.</summary>
    public Jid? Account { get; }

    /// <summary>For <see cref="ScramKeys.Verify"/>.</summary>
    public string Password { get; }

    /// <summary>Reads the client's only message; null when the password may be checked, else the failure.</summary>
    /// <param name="message">The message: <c>[authzid] NUL authcid NUL passwd</c>.</param>
    /// <param name="domain">The host that authenticates.</param>
    /// <param name="request">What was asked; null on failure.</param>
    public static SaslFailure? Read(ReadOnlySpan<byte> message, string domain, out Plain? request)
    {
        request = null;
        var first = message.IndexOf((byte)0);
        if (first < 0 || message.Length > MaxMessage)
        {
            return SaslFailure.MalformedRequest;
        }

        var rest = message[(first + 1)..];
        var second = rest.IndexOf((byte)0);
        if (second <= 0 || second + 1 == rest.Length || rest[(second + 1)..].Contains((byte)0)
            || !SaslData.TryUtf8(message[..first], out var authorizationId)
            || !SaslData.TryUtf8(rest[..second], out var userName)
            || !SaslData.TryUtf8(rest[(second + 1)..], out var password))
        {
            return SaslFailure.MalformedRequest;
        }

        if (!SaslData.MayActAs(userName, domain, first == 0 ? null : authorizationId, out var account))
        {
            return SaslFailure.InvalidAuthzid;
        }

        request = new Plain(userName, account, password);
        return null;
    }

    /// <summary>The client's message.</summary>
    public static byte[] Message(string userName, string password, string? authorizationId = null) =>
        Encoding.UTF8.GetBytes($"{authorizationId}\0{userName}\0{password}");
}
