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
    public async ValueTask<FastToken?> FindAsync(long? account, string? device, string mechanism, HashedToken request, ReadOnlyMemory<byte> channel)
    {
        FastToken? found = null;
        var compared = 0;
        if (account is not null && device is not null)
        {
            foreach (var token in await server.Store.Tokens.LoadAsync(account.Value, device))
            {
                // §3.4: a token is good for the mechanism it was issued for and for no other.
                compared++;
                if (request.Verify(token.Secret, channel.Span) && token.Mechanism == mechanism)
                {
                    found = token;
                }
            }
        }

        if (compared == 0)
        {
            Span<byte> nothing = stackalloc byte[SecretBytes];
            request.Verify(nothing, channel.Span);
        }

        return found;
    }

    public bool HasExpired(FastToken token) => token.ExpiresAt <= server.Time.GetUtcNow();

    /// <summary>Marks a use; false for a replay. Most clients send no counter: then only a token's first use has to be written down.</summary>
    public ValueTask<bool> UseAsync(FastToken token, long counter) =>
        token is { IsUsed: true, Counter: 0 } && counter == 0 ? new(true) : server.Store.Tokens.UseAsync(token, counter);

    public ValueTask InvalidateAsync(FastToken token) => server.Store.Tokens.RemoveAsync(token.Account, token.Device);

    public bool IsDueForRotation(FastToken token) => server.Time.GetUtcNow() - token.IssuedAt > RotatedAfter;

    /// <summary>A new token, stored, as the element that goes into <c>success</c>.</summary>
    public async ValueTask<Element> IssueAsync(long account, string device, string mechanism)
    {
        var now = server.Time.GetUtcNow();
        var token = Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(SecretBytes));
        await server.Store.Tokens.AddAsync(new(account, device, mechanism, Encoding.UTF8.GetBytes(token), now, now + Lifetime, 0));
        return new Element("token", Ns.Fast)
            .Set("expiry", (now + Lifetime).UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture))
            .Set("token", token);
    }
}
