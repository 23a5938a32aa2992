using System.Collections.Concurrent;
using System.Text;
using Nyala.Xmpp.Sasl;

namespace Nyala.Load.Wire;

/// <summary>
/// SCRAM with the slow part, PBKDF2, done once per account and process: a real client keeps its keys too, and the
/// generator must not spend the processor it shares with the server. Safe from any thread.
/// </summary>
sealed class LoginKeys(string password)
{
    readonly ConcurrentDictionary<string, ScramClientKeys> _known = new(StringComparer.Ordinal);

    readonly ConcurrentDictionary<string, string> _tokens = new(StringComparer.Ordinal);

    /// <summary>The account's token (XEP-0484), or null.</summary>
    public string? Token(string user) => _tokens.GetValueOrDefault(user);

    public void Remember(string user, string token) => _tokens[user] = token;

    /// <summary>Begins an exchange.</summary>
    public ScramClient Begin(ScramHash hash, string user) => new(hash, user, password) { Keys = _known.GetValueOrDefault(user) };

    /// <summary>The answer to the server's first message, in base64 as that message is.</summary>
    /// <exception cref="LoadException">The server's message is not a challenge to this client.</exception>
    public string Answer(ScramClient exchange, string user, string challenge)
    {
        if (!exchange.TryRespond(Convert.FromBase64String(challenge), out var answer))
        {
            throw new LoadException(exchange.Problem + " " + Encoding.UTF8.GetString(Convert.FromBase64String(challenge)));
        }

        _known[user] = exchange.Keys!;
        return Convert.ToBase64String(answer);
    }
}
