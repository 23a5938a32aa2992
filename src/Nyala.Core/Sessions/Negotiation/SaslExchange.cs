using Nyala.Core.Connections;
using Nyala.Storage;
using Nyala.Xmpp;
using Nyala.Xmpp.Sasl;

namespace Nyala.Core.Sessions.Negotiation;

/// <summary>What a message of a SASL exchange led to: a failure, a challenge, or (done) success with what the client learns.</summary>
readonly record struct SaslStep(SaslFailure? Failure, byte[]? Data, bool Done);

/// <summary>
/// One attempt to authenticate, whatever the profile: SASL or SASL2. Takes the same way, in the same time, for accounts that
/// do not exist. One object per attempt; not thread-safe.
/// </summary>
abstract class SaslExchange(NegotiationServices services, Connection connection, string mechanism)
{
    public string Mechanism { get; } = mechanism;

    /// <summary>Who wants in, prepared; null before the first message and for names no account can have.</summary>
    public Jid? Account { get; protected set; }

    /// <summary>The account, once the exchange is done.</summary>
    public Account? Stored { get; protected set; }

    /// <summary>The token that was used, for FAST.</summary>
    public virtual FastToken? Token => null;

    protected NegotiationServices Services { get; } = services;

    protected Connection Connection { get; } = connection;

    /// <summary>The exchange for a mechanism that was announced; null for one that was not.</summary>
    /// <param name="fast">What the client says of its token (XEP-0484); null without one: HT mechanisms are refused then.</param>
    public static SaslExchange? Begin(NegotiationServices services, Connection connection, SaslOffer offer, string mechanism, FastRequest? fast)
    {
        if (fast is not null && NegotiationServices.FastMechanisms(offer).Contains(mechanism))
        {
            return new TokenExchange(services, connection, offer, mechanism, fast);
        }

        if (!offer.Mechanisms.Contains(mechanism))
        {
            return null;
        }

        return mechanism == Mechanisms.Plain
            ? new PlainExchange(services, connection, offer)
            : new ScramExchange(services, connection, offer, mechanism);
    }

    /// <summary>Takes the client's next message. Reads the store; the caller holds a place among the logins.</summary>
    public abstract ValueTask<SaslStep> NextAsync(byte[] message);

    protected static SaslStep Fail(SaslFailure failure) => new(failure, null, Done: false);

    /// <summary>Whether so many attempts failed that this one is not looked at.</summary>
    protected bool IsRefused(string userName) => Services.FailedLogins.IsRefused(Account?.Local ?? userName, Connection.Remote?.Address);

    protected async ValueTask<(Account? Account, IReadOnlyList<Credential> Credentials)> LoadAsync(string userName) =>
        await Services.Server.Store.Accounts.LoadForLoginAsync(Account?.Local ?? userName) is { } found && Account is not null
            ? found
            : (null, []);

    /// <summary>The account's keys for a hash, or nobody's.</summary>
    protected ScramKeys KeysFor(ScramHash hash, string userName, IReadOnlyList<Credential> credentials)
    {
        foreach (var credential in credentials)
        {
            if (ScramKeys.TryParse(credential.Keys, out var keys) && keys.Hash == hash)
            {
                return keys;
            }
        }

        return Services.Fakes.For(hash, Account?.Local ?? userName);
    }
}

/// <summary>SCRAM, with or without channel binding.</summary>
sealed class ScramExchange(NegotiationServices services, Connection connection, SaslOffer offer, string mechanism)
    : SaslExchange(services, connection, mechanism)
{
    readonly ScramServer _scram = new(Mechanisms.Scram(mechanism)!, Mechanisms.BindsChannel(mechanism), offer)
    {
        TlsUnique = connection.TlsUnique,
    };

    Account? _found;
    bool _challenged;

    public override async ValueTask<SaslStep> NextAsync(byte[] message)
    {
        if (_challenged)
        {
            var failure = _scram.Finish(message, out var last);
            if (failure is null && _found is null)
            {
                // Nothing verifies against the keys of nobody; this line only makes that plain.
                failure = SaslFailure.NotAuthorized;
            }

            Stored = failure is null ? _found : null;
            return failure is null ? new(null, last, Done: true) : Fail(failure.Value);
        }

        _challenged = true;
        if (_scram.Start(message) is { } early)
        {
            return Fail(early);
        }

        Account = _scram.Account;
        if (IsRefused(_scram.UserName))
        {
            return Fail(SaslFailure.TemporaryAuthFailure);
        }

        var (account, credentials) = await LoadAsync(_scram.UserName);
        _found = account;
        return new(null, _scram.Challenge(KeysFor(_scram.Hash, _scram.UserName, credentials)), Done: false);
    }
}

/// <summary>PLAIN, for clients that know nothing better.</summary>
sealed class PlainExchange(NegotiationServices services, Connection connection, SaslOffer offer)
    : SaslExchange(services, connection, Mechanisms.Plain)
{
    public override async ValueTask<SaslStep> NextAsync(byte[] message)
    {
        if (Plain.Read(message, offer.Domain, out var request) is { } early)
        {
            return Fail(early);
        }

        Account = request!.Account;
        if (IsRefused(request.UserName))
        {
            return Fail(SaslFailure.TemporaryAuthFailure);
        }

        var (account, credentials) = await LoadAsync(request.UserName);

        // Milliseconds of PBKDF2: not on the thread that reads other people's sockets.
        var keys = KeysFor(StrongestOf(credentials), request.UserName, credentials);
        if (!await Task.Run(() => keys.Verify(request.Password)) || account is null)
        {
            return Fail(SaslFailure.NotAuthorized);
        }

        Stored = account;
        return new(null, null, Done: true);
    }

    static ScramHash StrongestOf(IReadOnlyList<Credential> credentials)
    {
        foreach (var hash in ScramHash.All)
        {
            foreach (var credential in credentials)
            {
                if (ScramKeys.TryParse(credential.Keys, out var keys) && keys.Hash == hash)
                {
                    return hash;
                }
            }
        }

        return ScramHash.All[0];
    }
}

/// <summary>What a client says of its token (XEP-0484 §3.4).</summary>
/// <param name="Device">The client's installation (XEP-0388 user-agent), which tokens belong to; null when it does not say.</param>
/// <param name="Count">The attempt's number; 0 when it does not count.</param>
sealed record FastRequest(string? Device, long Count);

/// <summary>A token of FAST.</summary>
sealed class TokenExchange(NegotiationServices services, Connection connection, SaslOffer offer, string mechanism, FastRequest fast)
    : SaslExchange(services, connection, mechanism)
{
    FastToken? _token;

    public override FastToken? Token => _token;

    public override async ValueTask<SaslStep> NextAsync(byte[] message)
    {
        if (HashedToken.Read(message, offer.Domain, out var request) is { } early)
        {
            return Fail(early);
        }

        Account = request!.Account;
        if (IsRefused(request.UserName))
        {
            return Fail(SaslFailure.TemporaryAuthFailure);
        }

        var channel = Mechanisms.BindsChannel(Mechanism) ? offer.EndPoint : default;
        var (account, tokens) = await LoadTokensAsync(request.UserName);
        var token = FastTokens.Find(tokens, Mechanism, request, channel.Span);
        if (token is not null && Services.Tokens.HasExpired(token))
        {
            // XEP-0484 §4: who holds it learns that it takes the password again.
            return Fail(SaslFailure.CredentialsExpired);
        }

        if (token is null || !await Services.Tokens.UseAsync(token, fast.Count, isOnly: tokens.Count == 1))
        {
            return Fail(SaslFailure.NotAuthorized);
        }

        _token = token;
        Stored = account;
        return new(null, HashedToken.Response(token.Secret, channel.Span), Done: true);
    }

    async ValueTask<(Account? Account, IReadOnlyList<FastToken> Tokens)> LoadTokensAsync(string userName) =>
        await Services.Server.Store.Tokens.LoadForLoginAsync(Account?.Local ?? userName, fast.Device ?? "") is { } found
            && Account is not null && fast.Device is not null
            ? found
            : (null, []);
}
