using System.Collections.Immutable;
using Nyala.Core.Connections;
using Nyala.Core.Routing;
using Nyala.Core.Sessions;
using Nyala.Features;
using Nyala.Storage;
using Nyala.Xmpp;
using Nyala.Xmpp.Stanzas;

namespace Nyala.Host.Administration;

/// <summary>Who of those that are there is meant.</summary>
enum Activity
{
    Online,
    Active,
    Idle,
}

// What only commands of clients ask for (XEP-0133), so that a server runs.
sealed partial class AdministrationService
{
    /// <summary>Whom everybody here talks with.</summary>
    public PeerPolicy Peers => Live!.Server.Peers;

    /// <summary>Whether this server answers for a domain.</summary>
    public bool IsOurs(string domain) => domain == options.Domain || Live!.Server.Features.Hosts.ContainsKey(domain);

    public Task<long> CountUsersAsync(AccountFilter filter) => store.Accounts.CountAsync(filter).AsTask();

    public async Task<IReadOnlyList<ReportView>> OldestReportsAsync(int max) =>
        [.. (await store.Reports.ListAsync(closed: false, 0, max)).Select(report => View(report, []))];

    /// <summary>The contacts that an account's owner sees.</summary>
    public async Task<IEnumerable<RosterItem>> RosterAsync(long account) => (await store.Rosters.LoadAsync(account)).Items.Where(item => item.Listed);

    /// <summary>Its sessions, connected or hibernated.</summary>
    public ImmutableArray<Session> SessionsOf(string username) => Live!.Server.Accounts.TryGet(username, out var account) ? account.SessionList : [];

    /// <summary>Since when its newest session is there, else when the last one went; null: never.</summary>
    public async Task<DateTimeOffset?> LastLoginAsync(Account account)
    {
        var sessions = SessionsOf(account.Username);
        return sessions.IsEmpty ? await LastActivity.LeftAtAsync(store, account.Id) : sessions.Max(session => session.StartedAt);
    }

    /// <summary>Ends the session of a full address, or all of a bare one; returns how many.</summary>
    public async Task<int> EndSessionsAsync(Jid address)
    {
        var ended = 0;
        foreach (var session in SessionsOf(address.Local!))
        {
            if (address.Resource is null || address.Equals(session.Jid))
            {
                await session.EndAsync(EndReason.LoggedOut, StreamError.PolicyViolation with { Text = "An administrator has ended this session." });
                ended++;
            }
        }

        return ended;
    }

    /// <summary>Addresses of those who are online.</summary>
    public IEnumerable<string> Present(Activity activity) => Live!.Server.Accounts.Loaded
        .Where(account => Of(account) is { } present && (activity == Activity.Online || activity == present))
        .Select(account => account.Jid.ToString());

    /// <summary>Null: nobody is there.</summary>
    static Activity? Of(LocalAccount account)
    {
        Activity? activity = null;
        foreach (var session in account.SessionList)
        {
            if (session.Presence is { } presence)
            {
                var isIdle = session.Outbox.Filter is not null || !session.IsConnected || presence.Child("show", Ns.Client)?.Text is "away" or "xa";
                activity = isIdle && activity != Activity.Active ? Activity.Idle : Activity.Active;
            }
        }

        return activity;
    }
}
