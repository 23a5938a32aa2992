using System.Globalization;
using Nyala.Core.Routing;
using Nyala.Core.Sessions;
using Nyala.Storage;
using Nyala.Xmpp;
using Nyala.Xmpp.Stanzas;
using Nyala.Xmpp.Xml;

namespace Nyala.Features.Rosters;

/// <summary>Tells an account's interested sessions of a changed item (RFC 6121 §2.1.6).</summary>
static class RosterPushes
{
    /// <summary>The session has asked for its roster.</summary>
    public static readonly SlotKey<string> Interested = new("interested resource");

    /// <summary>Somebody beside the account's own sessions who is told of changes.</summary>
    public static readonly SlotKey<Action<LocalAccount, Element, long>> Watcher = new("roster watcher");

    /// <summary>To all interested sessions, in the order of the changes.</summary>
    public static void Push(LocalAccount account, Element item, long version)
    {
        account.Get(Watcher)?.Invoke(account, item, version);
        foreach (var session in account.Sessions)
        {
            if (session.Get(Interested) is not null)
            {
                Push(session, item, version);
            }
        }
    }

    public static void Push(Session session, Element item, long version)
    {
        var push = new Element("iq", Ns.Client)
            .Set("type", "set")
            .Set("id", "roster-" + version.ToString(CultureInfo.InvariantCulture) + "-" + Guid.NewGuid().ToString("N")[..8])
            .Set("to", session.Jid.ToString())
            .Add(new Element("query", Ns.Roster).Set("ver", Version(version)).Add(item));
        session.Send(new Outbound(push.ToUtf8(), StanzaKind.Iq) { IsUrgent = true, IsAnswer = true });
    }

    public static string Version(long version) => version.ToString(CultureInfo.InvariantCulture);

    /// <summary>An item as the client sees it (§2.1.2).</summary>
    public static Element ItemOf(RosterItem item)
    {
        var element = new Element("item", Ns.Roster)
            .Set("jid", item.Jid)
            .Set("name", item.Name)
            .Set("subscription", item.Subscription switch
            {
                Subscription.Both => "both",
                Subscription.To => "to",
                Subscription.From => "from",
                _ => "none",
            })
            .Set("ask", item.Ask ? "subscribe" : null)
            .Set("approved", item.Approved ? "true" : null);
        foreach (var group in item.Groups)
        {
            element.Add("group", group);
        }

        return element;
    }

    public static Element Removed(string jid) => new Element("item", Ns.Roster).Set("jid", jid).Set("subscription", "remove");
}
