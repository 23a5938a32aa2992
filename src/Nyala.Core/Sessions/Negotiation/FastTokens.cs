using System.Buffers.Text;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Nyala.Storage;
using Nyala.Xmpp;
using Nyala.Xmpp.Sasl;
using Nyala.Xmpp.Xml;

namespace Nyala.Core.Sessions.Negotiation;

/// <summary>
/// Tokens for authentication in one round trip (XEP-0484): issued on request, renewed long before they expire, the old one
/// good until the new one was used. A changed password removes them all (<see cref="IAccounts.SetCredentialsAsync"/>).
/// </summary>
sealed class FastTokens(NyalaServer server)
{
    const int SecretBytes = 32;

    static readonly TimeSpan Lifetime = TimeSpan.FromDays(30);

    /// <summary>A token older than this is rotated when it is used (§3.5).</summary>
    static readonly TimeSpan RotatedAfter = TimeSpan.FromDays(7);

    /// <summary>
    /// The one of a device's tokens that the client has proven to hold, or null. Compares with something also where there is
    /// no token, so that the time tells nothing.
    /// </summary>
    public static FastToken? Find(IReadOnlyList<FastToken> tokens, string mechanism, HashedToken request, ReadOnlySpan<byte> channel)
    {
        FastToken? found = null;
        foreach (var token in tokens)
        {
            // §3.4: a token is good for the mechanism it was issued for and for no other.
            if (request.Verify(token.Secret, channel) && token.Mechanism == mechanism)
            {
                found = token;
            }
        }

        if (tokens.Count == 0)
        {
            Span<byte> nothing = stackalloc byte[SecretBytes];
            request.Verify(nothing, channel);
        }

        return found;
    }

    public bool HasExpired(FastToken token) => token.ExpiresAt <= server.Time.GetUtcNow();

    /// <summary>
    /// Marks a use; false for a replay. Written down only where it changes something: a client that counts (few do), or tokens
    /// that the device held before this one (§3.5). The use of a device's only token is remembered when it gets another
    /// (<see cref="IssueAsync"/>).
    /// </summary>
    /// <param name="isOnly">The device has no other token.</param>
    public ValueTask<bool> UseAsync(FastToken token, long counter, bool isOnly) =>
        (isOnly || token.IsUsed) && token.Counter == 0 && counter == 0 ? new(true) : server.Store.Tokens.UseAsync(token, counter);

    public ValueTask InvalidateAsync(FastToken token) => server.Store.Tokens.RemoveAsync(token.Account, token.Device);

    public bool IsDueForRotation(FastToken token) => server.Time.GetUtcNow() - token.IssuedAt > RotatedAfter;

    /// <summary>A new token, stored, as the element that goes into <c>success</c>.</summary>
    /// <param name="used">The token that the client logged in with, or null.</param>
    public async ValueTask<Element> IssueAsync(long account, string device, string mechanism, FastToken? used)
    {
        var now = server.Time.GetUtcNow();
        var token = Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(SecretBytes));
        await server.Store.Tokens.AddAsync(new(account, device, mechanism, Encoding.UTF8.GetBytes(token), now, now + Lifetime, 0), used);
        return new Element("token", Ns.Fast)
            .Set("expiry", (now + Lifetime).UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture))
            .Set("token", token);
    }
}
