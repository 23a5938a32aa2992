using System.Globalization;
using Nyala.Core.Connections;
using Nyala.Core.Diagnostics;
using Nyala.Core.Routing;
using Nyala.Storage;
using Nyala.Xmpp;
using Nyala.Xmpp.Sasl;
using Nyala.Xmpp.Stanzas;
using Nyala.Xmpp.Xml;

namespace Nyala.Core.Sessions.Negotiation;

// Authentication, in both profiles: SASL (RFC 6120 §6) and SASL2 (XEP-0388).
sealed partial class Negotiation
{
    /// <summary>Attempts per connection; RFC 6120 §6.4.4 wants between two and five.</summary>
    const int Attempts = 5;

    const int LongestDevice = 64;

    SaslOffer _offer = null!;
    SaslExchange? _exchange;
    Sasl2Request? _request;
    int _failures;
    LocalAccount? _account;

    /// <summary>The connection, once it is authenticated; read by the timer.</summary>
    volatile Connection? _authenticated;

    string Profile => _request is null ? Ns.Sasl : Ns.Sasl2;

    /// <summary>RFC 6120 §6.5.4: credentials in clear are not even looked at.</summary>
    ValueTask RefuseClearAsync(Connection connection, string profile) => FailAsync(connection, SaslFailure.EncryptionRequired, profile);

    ValueTask AuthAsync(Connection connection, Stanza auth)
    {
        if (_door is { } door)
        {
            return GuestAsync(connection, door, auth);
        }

        _request = null;
        _exchange = SaslExchange.Begin(services, connection, _offer, auth.Attribute("mechanism") ?? "", null);
        return BeginAsync(connection, auth.Content.IsEmpty ? null : auth.ToElement().Text);
    }

    ValueTask AuthenticateAsync(Connection connection, Stanza authenticate)
    {
        var element = authenticate.ToElement();
        _request = Sasl2Request.Read(element);
        _exchange = _door is null ? SaslExchange.Begin(services, connection, _offer, element["mechanism"] ?? "", _request.Fast) : null;
        return BeginAsync(connection, element.Child("initial-response")?.Text);
    }

    ValueTask BeginAsync(Connection connection, string? initial)
    {
        if (_exchange is null)
        {
            return FailAsync(connection, SaslFailure.InvalidMechanism);
        }

        _state = _request is null ? NegotiationState.InSasl : NegotiationState.InSasl2;
        if (initial is null)
        {
            // All mechanisms here begin with the client: an empty challenge asks for its message (RFC 6120 §6.4.3).
            Write(connection, new Element("challenge", Profile));
            return default;
        }

        return MessageAsync(connection, initial);
    }

    ValueTask ResponseAsync(Connection connection, Stanza response) => MessageAsync(connection, response.ToElement().Text);

    ValueTask AbortAsync(Connection connection) => FailAsync(connection, SaslFailure.Aborted);

    ValueTask MessageAsync(Connection connection, string text) => SaslData.TryDecode(text, out var message)
        ? AdmittedAsync(connection, () => ContinueAsync(connection, message))
        : FailAsync(connection, SaslFailure.IncorrectEncoding);

    async ValueTask ContinueAsync(Connection connection, byte[] message)
    {
        try
        {
            var step = await _exchange!.NextAsync(message);
            if (step.Failure is { } failure)
            {
                await FailAsync(connection, failure);
            }
            else if (!step.Done)
            {
                Write(connection, new Element("challenge", Profile).AddText(SaslData.Encode(step.Data)));
            }
            else if (ContradictsHeader(_exchange))
            {
                await FailAsync(connection, SaslFailure.InvalidAuthzid);
            }
            else if (_exchange.Stored!.IsDisabled)
            {
                // Only who knows the password learns it.
                await FailAsync(connection, SaslFailure.AccountDisabled);
            }
            else if (await _server.Accounts.LocateAsync(_exchange.Stored!.Username) is not { } account)
            {
                // Removed this moment.
                await FailAsync(connection, SaslFailure.NotAuthorized);
            }
            else
            {
                await SucceedAsync(connection, account, step.Data);
            }
        }
        catch (StoreException exception)
        {
            _server.Log.LoginFailed(connection.Id, connection.Remote, exception.Message);
            if (_account is null)
            {
                await FailAsync(connection, SaslFailure.TemporaryAuthFailure);
            }
            else
            {
                // Who it is has been decided; what else it asked for cannot be had.
                await EndAsync(connection, StreamError.InternalServerError, EndReason.InternalError);
            }
        }
    }

    /// <summary>XEP-0388 §2.3: who says in the header that it is one account cannot log in as another.</summary>
    bool ContradictsHeader(SaslExchange exchange) =>
        _header?.From is { } text && Jid.TryParse(text, out var from) && !from.Bare.Equals(exchange.Account);

    async ValueTask SucceedAsync(Connection connection, LocalAccount account, byte[]? data)
    {
        var exchange = _exchange!;
        _account = account;
        _exchange = null;
        services.FailedLogins.Succeeded(account.Jid.Local!, connection.Remote?.Address);
        _server.Metrics.Logins.Add(1, new("mechanism", exchange.Mechanism), new("result", "success"));
        _server.Log.LoggedIn(account.Jid.ToString(), exchange.Mechanism, connection.Id, connection.Remote);
        connection.Authenticated();
        _authenticated = connection;
        _timer = _server.Timers.Schedule(services.Limits.TimeBeforeAuthentication, this);
        if (_request is { } request)
        {
            await FinishSasl2Async(connection, request, exchange, data);
            return;
        }

        Write(connection, new Element("success", Ns.Sasl).AddText(data is null ? null : SaslData.Encode(data)));
        _state = NegotiationState.Opening;
        connection.RestartStream();
    }

    ValueTask FailAsync(Connection connection, SaslFailure failure) => FailAsync(connection, failure, Profile);

    ValueTask FailAsync(Connection connection, SaslFailure failure, string profile)
    {
        var name = _exchange?.Account?.Local;
        if (failure == SaslFailure.NotAuthorized && name is not null)
        {
            services.FailedLogins.Failed(name, connection.Remote?.Address);
        }

        _server.Metrics.Logins.Add(1, new("mechanism", _exchange?.Mechanism), new("result", failure.Condition()));
        _server.Log.LoginRefused(name, failure.Condition(), connection.Id, connection.Remote);
        _exchange = null;
        _request = null;
        if (_state != NegotiationState.Encrypting)
        {
            _state = NegotiationState.Authenticating;
        }

        // The conditions are those of RFC 6120 §6.5 in both profiles (XEP-0388 §2.6.2).
        Write(connection, new Element("failure", profile).Add(new Element(failure.Condition(), Ns.Sasl)));
        return ++_failures < Attempts
            ? default
            : EndAsync(connection, StreamError.PolicyViolation with { Text = "Too many failed attempts to log in." }, EndReason.AuthenticationFailed);
    }

    /// <summary>What came with <c>authenticate</c> (XEP-0388 §2.3) and is looked at when it has succeeded.</summary>
    sealed record Sasl2Request(string? Device, FastRequest? Fast, bool Invalidate, string? TokenMechanism, Element? Resume, Element? Bind)
    {
        public static Sasl2Request Read(Element authenticate)
        {
            var device = authenticate.Child("user-agent", Ns.Sasl2)?["id"] is { Length: > 0 and <= LongestDevice } id ? id : null;
            var fast = authenticate.Child("fast", Ns.Fast);
            return new(
                device,
                fast is null ? null : new(device, long.TryParse(fast["count"], NumberStyles.None, CultureInfo.InvariantCulture, out var count) ? count : 0),
                fast?["invalidate"] is "true" or "1",
                authenticate.Child("request-token", Ns.Fast)?["mechanism"],
                authenticate.Child("resume", Ns.StreamManagement),
                authenticate.Child("bind", Ns.Bind2));
        }
    }
}
