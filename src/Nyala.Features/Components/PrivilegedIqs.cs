using System.Collections.Frozen;
using Nyala.Core;
using Nyala.Core.Components;
using Nyala.Core.Routing;
using Nyala.Xmpp;
using Nyala.Xmpp.Payloads;
using Nyala.Xmpp.Stanzas;
using Nyala.Xmpp.Xml;

namespace Nyala.Features.Components;

/// <summary>Requests of components in the name of accounts (XEP-0356 §6): checked, sent, and their answers handed back.</summary>
public sealed class PrivilegedIqs : IFeature
{
    const string Prefix = "nyala-privileged-";

    readonly NyalaServer _server;
    readonly FrozenDictionary<string, ComponentOptions> _components;
    readonly OpenQuestions<Question> _questions;

    public PrivilegedIqs(NyalaServer server)
    {
        _server = server;
        _components = server.Options.Components.ToFrozenDictionary(component => component.Domain);
        _questions = new(server, Prefix, question => server.Router.Reply(question.Request, StanzaError.RemoteServerTimeout));
    }

    /// <summary>A request under way.</summary>
    /// <param name="Request">The component's.</param>
    /// <param name="Id">Of the request it contains.</param>
    /// <param name="Target">Whom that is for.</param>
    sealed record Question(IqRequest Request, string Id, Jid Target);

    public void Register(FeatureBuilder on)
    {
        if (_components.Count > 0)
        {
            on.ForeignIq(Ns.Privilege, "privileged_iq", AskAsync);
            on.IqAnswers(Prefix, Answered);
        }
    }

    async ValueTask<IqReply> AskAsync(IqRequest request)
    {
        var (outer, inner) = (request.Stanza, request.Payload.Child("iq", Ns.Client));
        if (request.From is not { Local: null, Resource: null } || _components.GetValueOrDefault(request.From.Domain) is not { } component
            || request.To is not { Local: { } local, Resource: null } || inner is null
            || inner["type"] != outer.TypeText || (inner["from"] is { } from && (!Jid.TryParse(from, out var named) || !named.Equals(request.To)))
            || await _server.Accounts.LocateAsync(local) is not { } account)
        {
            return StanzaError.Forbidden;
        }

        if (inner.Children.ToList() is not [var payload] || inner["id"] is not { } id)
        {
            return StanzaError.BadRequest;
        }

        if ((component.Iqs.GetValueOrDefault(payload.Namespace) & (request.IsSet ? Access.Set : Access.Get)) == 0)
        {
            return StanzaError.Forbidden;
        }

        var target = account.Jid;
        if (inner["to"] is { } text && !Jid.TryParse(text, out target!))
        {
            return StanzaError.JidMalformed;
        }

        if (_questions.Add(new(request, id, target)) is not { } ours)
        {
            return StanzaError.ResourceConstraint;
        }

        await _server.Router.RouteAsync(Stanza.Of(inner.Set("id", ours)), account.Jid, target);
        return IqReply.Answered;
    }

    void Answered(Jid from, Stanza iq)
    {
        // Only whom it was for may answer, and only to whose request it was.
        if (_questions.Take(iq.Id!, question => from.Equals(question.Target) && (iq.To is null || iq.To.Equals(question.Request.To))) is not { } asked)
        {
            return;
        }

        var answer = iq.ToElement().Set("id", asked.Id).Set("from", asked.Target.ToString()).Set("to", asked.Request.To.ToString());
        _server.Router.Reply(asked.Request, new Element("privilege", Ns.Privilege).Add(new Forwarded(answer).ToElement()));
    }
}
