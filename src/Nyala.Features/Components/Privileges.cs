using System.Collections.Frozen;
using Nyala.Core;
using Nyala.Core.Components;
using Nyala.Core.Routing;
using Nyala.Core.Sessions;
using Nyala.Features.Rosters;
using Nyala.Features.Sharing;
using Nyala.Storage;
using Nyala.Xmpp;
using Nyala.Xmpp.Payloads;
using Nyala.Xmpp.Stanzas;
using Nyala.Xmpp.Xml;

namespace Nyala.Features.Components;

/// <summary>
/// Privileged Entity: components that the operator trusts read and change rosters, send messages in the name of accounts, and
/// see presence. Requests in the name of accounts are in <see cref="PrivilegedIqs"/>.
/// </summary>
[Xep(356, "0.4.1", Note = "presence that contacts elsewhere sent before a component connected is not repeated to it")]
public sealed class Privileges : IFeature
{
    /// <summary>The session's initial presence was told.</summary>
    static readonly SlotKey<string> Told = new("presence told to components");

    readonly NyalaServer _server;
    readonly RosterCache _rosters;
    readonly RosterManagement _management;
    readonly FrozenDictionary<string, ComponentOptions> _components;
    readonly FrozenDictionary<string, SeenPresence> _seen;

    public Privileges(NyalaServer server, RosterCache rosters, RosterManagement management)
    {
        (_server, _rosters, _management) = (server, rosters, management);
        _components = server.Options.Components.ToFrozenDictionary(component => component.Domain);
        _seen = _components.Values.Where(component => component.Presence == PresencePermission.Roster)
            .ToFrozenDictionary(component => component.Domain, _ => new SeenPresence());
    }

    public void Register(FeatureBuilder on)
    {
        if (_components.Count == 0)
        {
            return;
        }

        on.ComponentConnected(GreetAsync);
        _management.Entitled = (from => _components.ContainsKey(from.Domain), RosterAsync);
        on.DomainMessage(Ns.Privilege, "privilege", SendAsync);
        if (_components.Values.Any(component => component.RosterPushes))
        {
            on.AccountLoading(account =>
            {
                account.Set(RosterPushes.Watcher, Push);
                return ValueTask.CompletedTask;
            });
        }

        if (_components.Values.Any(component => component.Presence != PresencePermission.None))
        {
            on.PresenceSent(Show);
            on.SessionEnding(session =>
            {
                Hide(session);
                return ValueTask.CompletedTask;
            });
            on.PresenceArrived((account, presence) => _ = ShowArrivedAsync(account, presence));
        }
    }

    /// <summary>§4.2, §5.2, §6.2, §7.2: what it may do; and who is there (§8).</summary>
    async Task GreetAsync(IComponentLink link)
    {
        var component = _components[link.Jid.Domain];
        if (Permissions(component) is { Count: > 0 } permissions)
        {
            await link.SendAsync(Stanza.Of(new Element("message", Ns.Client)
                .Set("from", _server.Options.Domain).Set("to", component.Domain).Set("id", Guid.NewGuid().ToString("N"))
                .Add(new Element("privilege", Ns.Privilege).Add(permissions))));
        }

        if (component.Presence == PresencePermission.None)
        {
            return;
        }

        _seen.GetValueOrDefault(component.Domain)?.Forget();
        foreach (var session in _server.Sessions.All)
        {
            if (session.Presence is { } presence && !await link.SendAsync(presence.Rewrite(session.Jid, link.Jid)))
            {
                return;
            }
        }
    }

    static List<Element> Permissions(ComponentOptions component)
    {
        List<Element> permissions = [];
        if (component.Roster != Access.None)
        {
            permissions.Add(Permission("roster", Name(component.Roster)).Set("push", component.RosterPushes ? "true" : "false"));
        }

        if (component.Messages)
        {
            permissions.Add(Permission("message", "outgoing"));
        }

        if (component.Iqs.Count > 0)
        {
            permissions.Add(Permission("iq", null).Add(component.Iqs.Select(iq =>
                new Element("namespace", Ns.Privilege).Set("ns", iq.Key).Set("type", Name(iq.Value)))));
        }

        if (component.Presence != PresencePermission.None)
        {
            permissions.Add(Permission("presence", component.Presence == PresencePermission.Roster ? "roster" : "managed_entity"));
        }

        return permissions;
    }

    static Element Permission(string access, string? type) => new Element("perm", Ns.Privilege).Set("access", access).Set("type", type);

    static string Name(Access access) => access switch
    {
        Access.Both => "both",
        Access.Set => "set",
        Access.Get => "get",
        _ => "none",
    };

    /// <summary>§4.3: as the account itself would ask; others than components learn nothing.</summary>
    async ValueTask<IqReply> RosterAsync(IqRequest request)
    {
        var component = _components[request.From.Domain];
        if (request.From is not { Local: null, Resource: null } || (component.Roster & (request.IsSet ? Access.Set : Access.Get)) == 0)
        {
            return StanzaError.Forbidden;
        }

        return request.Account is null ? StanzaError.ItemNotFound
            : await (request.IsSet ? _management.SetAsync(request) : _management.GetAsync(request));
    }

    /// <summary>§4.4</summary>
    void Push(LocalAccount account, Element item, long version)
    {
        foreach (var component in _components.Values)
        {
            if (component.RosterPushes && _server.Components.Find(component.Domain) is { } link)
            {
                link.TrySend(Stanza.Of(new Element("iq", Ns.Client)
                    .Set("from", account.Jid.ToString()).Set("to", component.Domain).Set("type", "set").Set("id", "roster-" + Guid.NewGuid().ToString("N"))
                    .Add(new Element("query", Ns.Roster).Set("ver", RosterPushes.Version(version)).Add(item))));
            }
        }
    }

    /// <summary>§5.3</summary>
    async ValueTask<StanzaError?> SendAsync(Stanza message)
    {
        if (message.From is not { Local: null, Resource: null } sender || _components.GetValueOrDefault(sender.Domain) is not { Messages: true })
        {
            return StanzaError.Forbidden;
        }

        if (message.Child("privilege", Ns.Privilege)?.Child("forwarded", Ns.Forward) is not { } element
            || !Forwarded.TryParse(element, out var forwarded) || forwarded.Stanza.Name != "message")
        {
            return StanzaError.BadRequest;
        }

        var inner = forwarded.Stanza;
        if (!Jid.TryParse(inner["to"], out var to))
        {
            return inner["to"] is null ? StanzaError.BadRequest : StanzaError.JidMalformed;
        }

        if (!Jid.TryParse(inner["from"], out var from) || from.Resource is not null || from.Domain != _server.Options.Domain)
        {
            return StanzaError.Forbidden;
        }

        if (from.Local is null)
        {
            await _server.Router.RouteAsync(Stanza.Of(inner), from, to);
            return null;
        }

        if (await _server.Accounts.LocateAsync(from.Local) is not { } account)
        {
            return StanzaError.Forbidden;
        }

        await _server.Router.SendForAsync(account, Stanza.Of(inner), to);
        return null;
    }

    /// <summary>§7.1: when it comes, and when it goes; not what it says in between.</summary>
    void Show(Session session)
    {
        if (session.Presence is not { } presence)
        {
            Hide(session);
        }
        else if (session.Get(Told) is null)
        {
            session.Set(Told, "");
            Tell(component => presence.Rewrite(session.Jid, component));
        }
    }

    void Hide(Session session)
    {
        if (session.Get(Told) is not null)
        {
            session.Set<string>(Told, null);
            Tell(component => Subscriptions.Make(session.Jid, component, StanzaType.Unavailable));
        }
    }

    void Tell(Func<Jid, Stanza> presence)
    {
        foreach (var component in _components.Values)
        {
            if (component.Presence != PresencePermission.None && _server.Components.Find(component.Domain) is { } link)
            {
                link.TrySend(presence(link.Jid));
            }
        }
    }

    /// <summary>§7.4: what contacts elsewhere let an account see.</summary>
    async Task ShowArrivedAsync(LocalAccount account, Stanza presence)
    {
        if (_seen.Count == 0 || presence.Type is not (StanzaType.None or StanzaType.Unavailable) || presence.From is not { } from
            || (await _rosters.GetAsync(account.Id)).Find(from.Bare) is not { } item || (item.Subscription & Subscription.To) == 0)
        {
            return;
        }

        foreach (var (domain, seen) in _seen)
        {
            if (from.Domain != domain && _server.Components.Find(domain) is { } link && seen.IsNew(from, presence))
            {
                link.TrySend(presence.Rewrite(from, link.Jid));
            }
        }
    }
}
