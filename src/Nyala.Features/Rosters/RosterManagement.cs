using System.Globalization;
using Nyala.Core;
using Nyala.Core.Routing;
using Nyala.Core.Sessions;
using Nyala.Features.Sharing;
using Nyala.Xmpp;
using Nyala.Xmpp.Stanzas;
using Nyala.Xmpp.Xml;

namespace Nyala.Features.Rosters;

/// <summary>The roster: get, set, remove, pushes and versioning (RFC 6121 §2).</summary>
[Rfc(6121)]
[Xep(237, "1.3", Note = "part of RFC 6121 §2.6")]
public sealed class RosterManagement(NyalaServer server, RosterCache rosters, Subscriptions subscriptions) : IFeature
{
    /// <summary>The longest name of a contact or group, as RFC 7622 bounds the parts of an address.</summary>
    const int LongestName = 1_023;

    const int MaxGroups = 64;

    /// <summary>Who may have a right to other accounts' rosters, and what answers them; null: nobody.</summary>
    internal (Func<Jid, bool> Are, IqHandler Handler)? Entitled { get; set; }

    public void Register(FeatureBuilder on)
    {
        on.StreamFeature(StreamState.Authenticated, _ => new Element("ver", Ns.RosterVersioning));
        on.StreamFeature(StreamState.Authenticated, _ => new Element("sub", Ns.PreApproval));
        on.IqGet(Ns.Roster, "query", GetAsync);
        on.IqSet(Ns.Roster, "query", SetAsync);
        on.IqGet(Ns.Roster, "query", ForOthersAsync, Entity.OtherAccount);
        on.IqSet(Ns.Roster, "query", ForOthersAsync, Entity.OtherAccount | Entity.NoAccount);
        on.AccountRemoving(LeaveAsync);
        on.AccountRemoved(account =>
        {
            rosters.Forget(account.Id);
            return ValueTask.CompletedTask;
        });
    }

    /// <summary>§2.1.5: a change is forbidden, whether there is such an account or not.</summary>
    ValueTask<IqReply> ForOthersAsync(IqRequest request) =>
        Entitled is { } entitled && entitled.Are(request.From) ? entitled.Handler(request)
        : (IqReply)(request.IsSet ? StanzaError.Forbidden : StanzaError.ServiceUnavailable);

    /// <summary>XEP-0077 §3.2: the contacts of a removed account have no subscriptions with it any more.</summary>
    async ValueTask LeaveAsync(LocalAccount account)
    {
        foreach (var contact in (await rosters.GetAsync(account.Id)).Items.Keys)
        {
            await subscriptions.RemoveAsync(account, contact, alsoUnlisted: true);
        }
    }

    internal async ValueTask<IqReply> GetAsync(IqRequest request)
    {
        if (request.Payload.Children.Any())
        {
            return StanzaError.BadRequest;
        }

        if (request.Session is not { } session)
        {
            // Who asks for the account: whatever it knows, it gets all.
            var roster = await rosters.GetAsync(request.Account!.Id);
            return new Element("query", Ns.Roster).Set("ver", RosterPushes.Version(roster.Version)).Add(roster.Listed.Select(RosterPushes.ItemOf));
        }

        var known = request.Payload["ver"];

        // Between the changes of the roster, so that what is answered and what is pushed keep the order in which it changed.
        return await rosters.ChangeAsync(session.Account.Id, edit => AnswerAsync(session, request.Stanza, known, edit.Roster));
    }

    async ValueTask<IqReply> AnswerAsync(Session session, Stanza request, string? known, RosterSnapshot roster)
    {
        session.Set(RosterPushes.Interested, "");
        var result = new Element("iq", Ns.Client).Set("type", "result").Set("id", request.Id)
            .Set("from", request.To?.ToString()).Set("to", session.Jid.ToString());
        if (known is not { Length: > 0 } || !long.TryParse(known, NumberStyles.None, CultureInfo.InvariantCulture, out var version)
            || await server.Store.Rosters.ChangesSinceAsync(session.Account.Id, version) is not { } changes)
        {
            session.Send(result.Add(new Element("query", Ns.Roster)
                .Set("ver", known is null ? null : RosterPushes.Version(roster.Version))
                .Add(roster.Listed.Select(RosterPushes.ItemOf))));
            return IqReply.Answered;
        }

        // §2.6.3: an empty result, then what has changed as pushes in the order in which it did: a client that is cut off in
        // between asks again from where it was.
        session.Send(result);
        foreach (var step in changes.Steps)
        {
            RosterPushes.Push(session, step.Item is { } item ? RosterPushes.ItemOf(item) : RosterPushes.Removed(step.Jid), step.Version);
        }

        return IqReply.Answered;
    }

    internal async ValueTask<IqReply> SetAsync(IqRequest request)
    {
        var account = request.Account!;
        if (request.Payload.Children.ToList() is not [{ Name: "item", Namespace: Ns.Roster } item] || item["jid"] is not { } address)
        {
            return StanzaError.BadRequest;
        }

        if (!Jid.TryParse(address, out var jid))
        {
            return StanzaError.JidMalformed;
        }

        var contact = jid.Bare;
        if (contact.Equals(account.Jid))
        {
            return StanzaError.NotAllowed;
        }

        if (item["subscription"] == "remove")
        {
            // §2.5, §2.5.3
            return await subscriptions.RemoveAsync(account, contact, alsoUnlisted: false) ? IqReply.Done : StanzaError.ItemNotFound;
        }

        return Groups(item, out var groups) ?? await SaveAsync(account, contact, item["name"], groups) ?? IqReply.Done;
    }

    async Task<IqReply?> SaveAsync(LocalAccount account, Jid contact, string? name, IReadOnlyList<string> groups)
    {
        if (name is { Length: > LongestName })
        {
            return StanzaError.NotAcceptable;
        }

        return await rosters.ChangeAsync<IqReply?>(account.Id, edit =>
        {
            var old = edit.Roster.Find(contact);
            if (old is not { Listed: true } && edit.Roster.Listed.Count() >= server.Options.Limits.RosterItems)
            {
                return new((IqReply)(StanzaError.ResourceConstraint with { Text = "The roster is full." }));
            }

            // §2.1.2.1, §2.1.2.2, §2.1.2.5: the client sets name and groups, never the subscription.
            var item = (old ?? Subscriptions.Unknown(contact)) with { Listed = true, Name = name is "" ? null : name, Groups = groups };
            edit.Save(contact, item);
            edit.Say(version => RosterPushes.Push(account, RosterPushes.ItemOf(item), version));
            if (old is not null && !old.Groups.SequenceEqual(groups, StringComparer.Ordinal))
            {
                edit.Say(_ => subscriptions.Regrouped?.Invoke(account, contact, old.Groups));
            }

            return default;
        });
    }

    /// <summary>The groups, or what is wrong with them (§2.3.3).</summary>
    static IqReply? Groups(Element item, out IReadOnlyList<string> groups)
    {
        var names = item.Children.Where(child => child.Is("group", Ns.Roster)).Select(child => child.Text).ToList();
        groups = names;
        if (names.Count > MaxGroups || names.Any(name => name.Length is 0 or > LongestName))
        {
            return StanzaError.NotAcceptable;
        }

        if (names.Distinct(StringComparer.Ordinal).Count() != names.Count)
        {
            return StanzaError.BadRequest;
        }

        return null;
    }
}
