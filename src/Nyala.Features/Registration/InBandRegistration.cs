using System.Runtime.CompilerServices;
using Nyala.Core;
using Nyala.Core.Connections;
using Nyala.Core.Diagnostics;
using Nyala.Core.Routing;
using Nyala.Core.Sessions;
using Nyala.Storage;
using Nyala.Xmpp;
using Nyala.Xmpp.Payloads;
using Nyala.Xmpp.Stanzas;
using Nyala.Xmpp.Xml;

namespace Nyala.Features.Registration;

/// <summary>
/// In-Band Registration: accounts made inside a client, with an invite where the server wants one (XEP-0445); a changed
/// password; an account that its owner gives up.
/// </summary>
[Xep(77, "2.4")]
[Xep(445, "0.2.0")]
public sealed class InBandRegistration(NyalaServer server, Registrar registrar) : IFeature
{
    const string NeedsInvite = "This server makes accounts for people who were invited: open the invite in this app, or in a browser.";

    readonly ConditionalWeakTable<Connection, Visitor> _visitors = [];

    bool IsOffered => server.Options.Registration != RegistrationMode.Closed;

    public void Register(FeatureBuilder on)
    {
        on.Advertise(Ns.Register);
        on.StreamFeature(StreamState.BeforeAuthentication, _ => IsOffered ? new Element("register", Ns.RegisterFeature) : null);
        on.StreamFeature(StreamState.BeforeAuthentication, _ => IsOffered ? new Element("register", Ns.IbrToken) : null);
        on.EarlyIq(Ns.Register, "query", EarlyAsync);
        on.EarlyIq(Ns.PreAuth, "preauth", PreAuthAsync);
        on.IqGet(Ns.Register, "query", RegisteredAsync, Entity.OwnAccount | Entity.Domain);
        on.IqSet(Ns.Register, "query", ChangeAsync, Entity.OwnAccount | Entity.Domain);
    }

    /// <summary>XEP-0445 §4: the token first, looked at once and not used up.</summary>
    async ValueTask<Element?> PreAuthAsync(Connection connection, Stanza iq)
    {
        if (iq.Type != StanzaType.Set || !IsOffered)
        {
            return Error(iq, StanzaError.ServiceUnavailable);
        }

        try
        {
            var now = server.Time.GetUtcNow();
            if (iq.Payload!["token"] is not { Length: > 0 } token || await server.Store.Invites.FindAsync(token, now) is not { CreatesAccount: true } invite)
            {
                return Error(iq, StanzaError.ItemNotFound with { Text = "The invite is invalid or has expired." });
            }

            var visitor = _visitors.GetOrCreateValue(connection);
            (visitor.Invite, visitor.InvitedAt) = (invite, now);
            return Result(iq);
        }
        catch (StoreException e)
        {
            return Error(iq, Unavailable(e));
        }
    }

    async ValueTask<Element?> EarlyAsync(Connection connection, Stanza iq)
    {
        if (!IsOffered)
        {
            return Error(iq, StanzaError.ServiceUnavailable);
        }

        var visitor = _visitors.GetOrCreateValue(connection);
        var mayRegister = visitor.Invite is not null || server.Options.Registration == RegistrationMode.Open;
        if (iq.Type == StanzaType.Get)
        {
            return Result(iq).Add(mayRegister ? Fields() : Redirection());
        }

        if (iq.Payload!.Child("remove", Ns.Register) is not null)
        {
            // §3.2: there is no account on this stream yet.
            return Error(iq, StanzaError.UnexpectedRequest);
        }

        if (visitor.HasRegistered)
        {
            // §3.1.1: a second account on one stream.
            return Error(iq, StanzaError.NotAcceptable with { Text = "This stream has made its account." });
        }

        if (!mayRegister)
        {
            return Error(iq, StanzaError.Forbidden with { Text = NeedsInvite });
        }

        var request = RegistrationRequest.Of(iq.Payload!);
        if (request is not { Username.Length: > 0, Password.Length: > 0 })
        {
            return Error(iq, StanzaError.NotAcceptable with { Text = "A username and a password are needed." });
        }

        try
        {
            var result = await registrar.RegisterAsync(
                request.Username, request.Password, visitor.Invite, visitor.Invite is null ? server.Time.GetUtcNow() : visitor.InvitedAt, connection.Remote?.Address);
            if (ErrorOf(result.Problem) is { } error)
            {
                return Error(iq, error);
            }

            visitor.HasRegistered = true;
            return Result(iq);
        }
        catch (StoreException e)
        {
            return Error(iq, Unavailable(e));
        }
    }

    static StanzaError? ErrorOf(RegistrationProblem problem) => problem switch
    {
        RegistrationProblem.None => null,
        RegistrationProblem.BadUsername => StanzaError.NotAcceptable with { Text = "That cannot be a username." },
        RegistrationProblem.BadPassword => StanzaError.NotAcceptable with { Text = BadPassword },
        RegistrationProblem.Taken => StanzaError.Conflict with { Text = "The username is taken." },
        RegistrationProblem.TooMany => StanzaError.ResourceConstraint with { Text = "Too many accounts were made from your address; try again later." },
        _ => StanzaError.Forbidden with { Text = "The invite was used by somebody else." },
    };

    static string BadPassword => $"A password has {PasswordRules.Least} to {PasswordRules.Most} characters.";

    Element Fields() => new Element("query", Ns.Register)
        .Add("instructions", $"Choose a username and a password of at least {PasswordRules.Least} characters.")
        .Add("username", "")
        .Add("password", "")
        .Add(new DataForm("form", Ns.Register) { Title = $"An account on {server.Options.Domain}" }
            .Add(new DataFormField("username", "text-single", []) { Label = "Username", Required = true })
            .Add(new DataFormField("password", "text-private", []) { Label = "Password", Required = true })
            .ToElement());

    /// <summary>§5: no fields, but where to go.</summary>
    static Element Redirection() => new Element("query", Ns.Register).Add("instructions", NeedsInvite);

    static ValueTask<IqReply> RegisteredAsync(IqRequest request) => request.Session is not { } session ? (IqReply)StanzaError.ServiceUnavailable : (IqReply)new Element("query", Ns.Register)
        .Add("instructions", "To change the password, send a new one.")
        .Add(new Element("registered", Ns.Register))
        .Add("username", session.Account.Jid.Local!)
        .Add("password", "");

    async ValueTask<IqReply> ChangeAsync(IqRequest request)
    {
        if (request.Session is not { } session)
        {
            return StanzaError.ServiceUnavailable;
        }

        var error = request.Payload.Child("remove") is not null
            ? await RemoveAsync(session, request)
            : await ChangePasswordAsync(session, request);
        if (error is not null)
        {
            // §3.3: the password is not sent back.
            session.Send(Error(request.Stanza, error).Set("from", request.Stanza.To?.ToString()).Set("to", session.Jid.ToString()));
        }

        return IqReply.Answered;
    }

    async ValueTask<StanzaError?> RemoveAsync(Session session, IqRequest request)
    {
        if (request.Payload.Children.Count() != 1)
        {
            return StanzaError.BadRequest;
        }

        var account = session.Account;
        await server.AccountRemovingAsync(account);
        await server.Store.Accounts.RemoveAsync(account.Id);
        server.Log.OwnAccountRemoved(account.Jid.Local!);
        session.Send(Result(request.Stanza).Set("to", session.Jid.ToString()));

        // §3.2: then all sessions of the account end with not-authorized.
        await server.AccountRemovedAsync(account);
        return null;
    }

    async ValueTask<StanzaError?> ChangePasswordAsync(Session session, IqRequest request)
    {
        var change = RegistrationRequest.Of(request.Payload);
        if (change is not { Username.Length: > 0, Password.Length: > 0 })
        {
            return StanzaError.BadRequest with { Text = "A username and a new password are needed." };
        }

        if (registrar.TryPrepare(change.Username) != session.Account.Jid.Local)
        {
            return StanzaError.Forbidden with { Text = "That is not your account." };
        }

        if (await registrar.DeriveAsync(change.Password) is not { } credentials)
        {
            return StanzaError.NotAcceptable with { Text = BadPassword };
        }

        await server.Store.Accounts.SetCredentialsAsync(session.Account.Id, credentials);
        server.Log.OwnPasswordChanged(session.Account.Jid.Local!);
        session.Send(Result(request.Stanza).Set("to", session.Jid.ToString()));

        // Who changes a password may do so because somebody else knows it.
        await server.Sessions.EndAllAsync(
            session.Account, EndReason.LoggedOut, StreamError.NotAuthorized with { Text = "The password was changed." }, except: session);
        return null;
    }

    static StanzaError Unavailable(StoreException e) =>
        e.Failure == LogFailure.Full ? StanzaError.ResourceConstraint with { Text = "The server's disk is full." } : StanzaError.InternalServerError;

    static Element Result(Stanza iq) => new Element("iq", Ns.Client).Set("type", "result").Set("id", iq.Id).Set("from", iq.To?.ToString());

    static Element Error(Stanza iq, StanzaError error) =>
        new Element("iq", Ns.Client).Set("type", "error").Set("id", iq.Id).Set("from", iq.To?.ToString()).Add(error.ToElement());

    /// <summary>What a stream that is not authenticated has done. Touched by its connection's reading task alone.</summary>
    sealed class Visitor
    {
        public Invite? Invite { get; set; }

        public DateTimeOffset InvitedAt { get; set; }

        public bool HasRegistered { get; set; }
    }
}
