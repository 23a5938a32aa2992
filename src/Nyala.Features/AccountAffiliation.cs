using Nyala.Core;
using Nyala.Core.Routing;
using Nyala.Core.Sessions;
using Nyala.Features.Rosters;
using Nyala.Features.Sharing;
using Nyala.Storage;
using Nyala.Xmpp;
using Nyala.Xmpp.Payloads;
using Nyala.Xmpp.Stanzas;
using Nyala.Xmpp.Xml;

namespace Nyala.Features;

/// <summary>
/// Reporting Account Affiliations: other servers learn how this one came to know an account, when that account approaches
/// somebody there who does not know it. Administrators count as members, and the day of the registration is told only of those
/// who registered themselves.
/// </summary>
[Xep(489, "0.1.0", Note = "without a trust level; a query is answered to those whom the account has approached")]
public sealed class AccountAffiliation(NyalaServer server, RosterCache rosters, PresenceAccess access) : IFeature
{
    public void Register(FeatureBuilder on)
    {
        on.Advertise(Ns.Affiliation);
        foreach (var embedded in (string[])["embed-presence-sub", "embed-presence-directed", "embed-message"])
        {
            on.Advertise($"{Ns.Affiliation}#{embedded}");
        }

        on.IqGet(Ns.Affiliation, "query", AnswerAsync, Entity.OwnAccount | Entity.OtherAccount);
        on.PresenceStamp(Stamp);
        on.Message(MessageStage.OutgoingStamp, Stamp);
    }

    /// <summary>What is told of a guest (XEP-0175).</summary>
    public static Element Guest() => new Element("info", Ns.Affiliation).Set("affiliation", "anonymous");

    /// <summary>§4: what is told of an account. The day is enough, and tells no more (§6).</summary>
    static Element Info(LocalAccount account) => account.Origin == AccountOrigin.SelfRegistered
        ? new Element("info", Ns.Affiliation).Set("affiliation", "registered").Set("since", DateTimeProfile.Format(new(account.CreatedAt.UtcDateTime.Date, TimeSpan.Zero)))
        : new Element("info", Ns.Affiliation).Set("affiliation", "member");

    /// <summary>Who asks must know the account from what it did; to others it looks as if it were not there.</summary>
    async ValueTask<IqReply> AnswerAsync(IqRequest request)
    {
        var account = request.Account!;
        return request.Entity == Entity.OwnAccount || await HasApproachedAsync(account, request.From) ? Info(account) : StanzaError.ServiceUnavailable;
    }

    async ValueTask<bool> HasApproachedAsync(LocalAccount account, Jid asker)
    {
        var roster = await rosters.GetAsync(account.Id);
        if (roster.IsSubscriber(asker.Bare) || roster.Find(asker.Bare) is { Ask: true }
            || (asker.Local is null && roster.Items.Any(item => item.Key.Domain == asker.Domain && (item.Value.Ask || item.Value.Subscription != Subscription.None))))
        {
            return true;
        }

        foreach (var session in account.SessionList)
        {
            if (await access.SharesAsync(session, asker) || (asker.Local is null && PresenceAccess.HasDirectedTo(session, asker.Domain)))
            {
                return true;
            }
        }

        return false;
    }

    Stanza Stamp(Session session, Stanza presence)
    {
        var clean = WithoutClaims(presence);
        return presence.To is { } to && presence.Type is StanzaType.None or StanzaType.Subscribe && IsStranger(session.Account, to)
            ? With(clean, Info(session.Account))
            : clean;
    }

    StanzaError? Stamp(MessageEntry message)
    {
        var clean = WithoutClaims(message.Message);

        // A room has been told at the entrance, and would show it to everybody with each message.
        var stamped = message.Message.Type is not (StanzaType.Error or StanzaType.Groupchat) && IsStranger(message.FromAccount!, message.ToJid) ? With(clean, Info(message.FromAccount!)) : clean;
        if (!ReferenceEquals(stamped, message.Message))
        {
            message.Replace(stamped);
        }

        return null;
    }

    /// <summary>§4.2: elsewhere, and not somebody who has let the account see its presence.</summary>
    bool IsStranger(LocalAccount account, Jid to) =>
        to.Domain != server.Options.Domain && !server.Features.Hosts.ContainsKey(to.Domain)
        && (rosters.TryGet(account.Id)?.Find(to.Bare) is not { } contact || (contact.Subscription & Subscription.To) == 0);

    /// <summary>§6: only servers say this.</summary>
    static Stanza WithoutClaims(Stanza stanza) => stanza.HasNamespace(Ns.Affiliation)
        ? stanza.Rewrite(stanza.From, stanza.To, (name, ns) => name == "info" && ns == Ns.Affiliation)
        : stanza;

    static Stanza With(Stanza stanza, Element info) => stanza.Rewrite(stanza.From, stanza.To, append: info.ToUtf8());
}
