using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Nyala.Xmpp;

namespace Nyala.Features.Calls;

/// <summary>
/// Credentials that a relay checks without asking anybody: a name that says until when it holds, and a password made of it with what the
/// relay and this server share ("A REST API for access to TURN services"; coturn's use-auth-secret).
/// </summary>
/// <param name="Username">The time it ends, in seconds since 1970, and what stands for the account.</param>
public sealed record TurnCredentials(string Username, string Password, DateTimeOffset Expires)
{
    /// <param name="account">Whom they are for; the relay sees only something that stands for it, so that it can count.</param>
    /// <param name="secret">Shared with the relay.</param>
    /// <param name="expires">Until when.</param>
    [SuppressMessage("Security", "CA5350", Justification = "coturn computes HMAC-SHA1.")]
    public static TurnCredentials Make(Jid account, string secret, DateTimeOffset expires)
    {
        var key = Encoding.UTF8.GetBytes(secret);
        var name = Convert.ToHexStringLower(HMACSHA256.HashData(key, Encoding.UTF8.GetBytes(account.Bare.ToString())))[..16];
        var username = string.Create(CultureInfo.InvariantCulture, $"{expires.ToUnixTimeSeconds()}:{name}");
        return new(username, Convert.ToBase64String(HMACSHA1.HashData(key, Encoding.UTF8.GetBytes(username))), expires);
    }
}
