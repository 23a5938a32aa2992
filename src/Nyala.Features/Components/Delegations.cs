using System.Collections.Concurrent;
using Nyala.Core;
using Nyala.Core.Components;
using Nyala.Core.Routing;
using Nyala.Xmpp;
using Nyala.Xmpp.Payloads;
using Nyala.Xmpp.Stanzas;
using Nyala.Xmpp.Xml;

namespace Nyala.Features.Components;

/// <summary>Namespace Delegation: components answer requests to the server and to accounts in its place.</summary>
[Xep(355, "0.5", Note = "as the operator configures it; not at the request of users")]
public sealed class Delegations : IFeature, IDelegation
{
    const string Prefix = "nyala-delegated-";
    const string NestedPrefix = "nyala-nested-";

    /// <summary>Information on nodes of accounts that the server knows nothing of (§7.2.4).</summary>
    const string RemainingInfo = Ns.Delegation + ":bare:disco#info:*";

    /// <summary>Items of accounts, and of nodes that the server knows nothing of (§7.2.5).</summary>
    const string RemainingItems = Ns.Delegation + ":bare:disco#items:*";

    const int MostNested = 500;

    readonly NyalaServer _server;
    readonly Dictionary<string, (DelegatedNamespace What, string Component)> _delegated;
    readonly OpenQuestions<Question> _questions;
    readonly OpenQuestions<Nested> _asked;

    /// <summary>What components say of themselves in the server's place.</summary>
    readonly ConcurrentDictionary<(string Namespace, bool OfAccounts), DiscoInfo> _nested = [];

    public Delegations(NyalaServer server)
    {
        _server = server;
        _delegated = server.Options.Components
            .SelectMany(component => component.Delegated.Select(what => (what, component.Domain)))
            .ToDictionary(pair => pair.what.Namespace, StringComparer.Ordinal);
        _questions = new(server, Prefix, question => server.Router.Reply(question.Request, StanzaError.ServiceUnavailable));
        _asked = new(server, NestedPrefix, _ => { });
    }

    sealed record Question(IqRequest Request, string Component);

    sealed record Nested(string Namespace, bool OfAccounts, string Component);

    public void Register(FeatureBuilder on)
    {
        if (_delegated.Count == 0)
        {
            return;
        }

        on.Advertise(Ns.Delegation);
        on.ComponentConnected(GreetAsync);
        on.Delegation(this);
        on.DiscoOverlay(Overlay);
        on.IqAnswers(Prefix, Answered);
        on.IqAnswers(NestedPrefix, Described);
    }

    public bool Takes(IqRequest request)
    {
        var payload = request.Payload;
        if (request.Account is not null && payload.Is("query", Ns.DiscoItems) && payload["node"] is null && _delegated.TryGetValue(RemainingItems, out var items))
        {
            return Forward(request, items.Component);
        }

        return _delegated.TryGetValue(payload.Namespace, out var found) && found.What.Attributes.All(attribute => payload[attribute] is not null)
            && Forward(request, found.Component);
    }

    public bool TakesUnknown(IqRequest request) =>
        request.Account is not null && request.Payload["node"] is not null
        && (request.Payload.Namespace switch { Ns.DiscoInfo => RemainingInfo, Ns.DiscoItems => RemainingItems, _ => null }) is { } rest
        && _delegated.TryGetValue(rest, out var found) && Forward(request, found.Component);

    /// <summary>§4.2: what it answers for; and what it has to say of itself there (§7.2).</summary>
    async Task GreetAsync(IComponentLink link)
    {
        var domain = link.Jid.Domain;
        var own = _delegated.Values.Where(entry => entry.Component == domain).Select(entry => entry.What).ToList();
        if (own.Count == 0)
        {
            return;
        }

        await link.SendAsync(Stanza.Of(new Element("message", Ns.Client)
            .Set("from", _server.Options.Domain).Set("to", domain).Set("id", Guid.NewGuid().ToString("N"))
            .Add(new Element("delegation", Ns.Delegation).Add(own.Select(what => new Element("delegated", Ns.Delegation).Set("namespace", what.Namespace)
                .Add(what.Attributes.Select(attribute => new Element("attribute", Ns.Delegation).Set("name", attribute))))))));
        foreach (var what in own.Where(what => !IsSpecial(what.Namespace)))
        {
            foreach (var ofAccounts in (ReadOnlySpan<bool>)[false, true])
            {
                _nested.TryRemove((what.Namespace, ofAccounts), out _);
                AskNested(link, what.Namespace, ofAccounts);
            }
        }
    }

    void AskNested(IComponentLink link, string ns, bool ofAccounts)
    {
        if (_asked.Add(new(ns, ofAccounts, link.Jid.Domain)) is { } id)
        {
            link.TrySend(Stanza.Of(new Element("iq", Ns.Client)
                .Set("from", _server.Options.Domain).Set("to", link.Jid.ToString()).Set("type", "get").Set("id", id)
                .Add(new Element("query", Ns.DiscoInfo).Set("node", Ns.Delegation + (ofAccounts ? ":bare:" : "::") + ns))));
        }
    }

    void Described(Jid from, Stanza iq)
    {
        if (_asked.Take(iq.Id!, nested => from.Equals(Jid.FromPrepared(null, nested.Component))) is { } asked && iq.Type == StanzaType.Result
            && iq.Payload is { } payload && DiscoInfo.TryParse(payload, null, out var info) && info.Features.Count + info.Identities.Count + info.Forms.Count <= MostNested)
        {
            _nested[(asked.Namespace, asked.OfAccounts)] = info;
        }
    }

    /// <summary>§7.2.1–§7.2.3: what is delegated is described by who answers for it, and not by what would answer otherwise.</summary>
    DiscoInfo Overlay(DiscoInfo info, Entity where)
    {
        foreach (var ns in _delegated.Keys.Where(ns => !IsSpecial(ns)))
        {
            var nested = _nested.GetValueOrDefault((ns, where != Entity.Domain)) ?? new([], [], []);
            info = new(
                [.. info.Identities.Where(own => !nested.Identities.Any(other => other.Category == own.Category)), .. nested.Identities],
                [.. info.Features.Where(feature => !IsOf(feature, ns)).Union(nested.Features, StringComparer.Ordinal)],
                [.. info.Forms.Where(form => !IsOf(form.FormType ?? "", ns)), .. nested.Forms]);
        }

        return info;
    }

    /// <summary>§4.3: the request as it came, in one of the server's own.</summary>
    bool Forward(IqRequest request, string component)
    {
        if (request.From.Domain == component)
        {
            // §4.3.1: what it asks itself is answered here.
            return false;
        }

        var iq = request.Stanza;
        var forwarded = new Element("iq", Ns.Client)
            .Set("from", request.From.ToString()).Set("to", iq.To?.ToString()).Set("id", iq.Id).Set("type", iq.TypeText).Add(request.Payload);
        if (_server.Components.Find(component) is not { } link || _questions.Add(new(request, component)) is not { } id)
        {
            _server.Router.Reply(request, StanzaError.ServiceUnavailable);
        }
        else if (!link.TrySend(Stanza.Of(new Element("iq", Ns.Client)
            .Set("from", _server.Options.Domain).Set("to", component).Set("type", "set").Set("id", id)
            .Add(new Element("delegation", Ns.Delegation).Add(new Forwarded(forwarded).ToElement())))) && _questions.Take(id, _ => true) is not null)
        {
            _server.Router.Reply(request, StanzaError.ServiceUnavailable);
        }

        return true;
    }

    void Answered(Jid from, Stanza iq)
    {
        if (_questions.Take(iq.Id!, question => from.Equals(Jid.FromPrepared(null, question.Component))) is { } asked)
        {
            _server.Router.Reply(asked.Request, Read(asked.Request, iq));
        }
    }

    /// <summary>§4.3: an answer must be exactly the one to what was asked; anything else is an error.</summary>
    static IqReply Read(IqRequest request, Stanza iq)
    {
        if (iq.Type != StanzaType.Result || iq.Child("delegation", Ns.Delegation)?.Child("forwarded", Ns.Forward) is not { } element
            || !Forwarded.TryParse(element, out var forwarded) || forwarded.Stanza is not { Name: "iq" } answer
            || answer["type"] != "result" || answer["id"] != request.Stanza.Id
            || !Jid.TryParse(answer["to"], out var to) || !to.Equals(request.From)
            || (answer["from"] is { } text && (!Jid.TryParse(text, out var from) || !from.Equals(request.To))))
        {
            return StanzaError.ServiceUnavailable;
        }

        return answer.Children.FirstOrDefault() is { } payload ? payload : IqReply.Done;
    }

    static bool IsSpecial(string ns) => ns is RemainingInfo or RemainingItems;

    static bool IsOf(string name, string ns) => name.StartsWith(ns, StringComparison.Ordinal) && (name.Length == ns.Length || name[ns.Length] == '#');
}
