using Nyala.Core;
using Nyala.Core.Routing;
using Nyala.Core.Sessions.Negotiation;
using Nyala.Features.AdHoc;
using Nyala.Features.Calls;
using Nyala.Features.Components;
using Nyala.Features.Files;
using Nyala.Features.Guests;
using Nyala.Features.People;
using Nyala.Features.PubSub;
using Nyala.Features.Push;
using Nyala.Features.Registration;
using Nyala.Features.Rosters;
using Nyala.Features.Sharing;
using Nyala.Xmpp;

namespace Nyala.Features;

/// <summary>Every extension of the server. Inside a message stage they run in this order.</summary>
public static class FeatureCatalog
{
    /// <param name="registrar">What makes accounts for people, for the web pages too.</param>
    /// <param name="commands">Commands there are beside those of the features, or null.</param>
    /// <param name="notices">What the server tells its people, where somebody else uses it too.</param>
    public static IEnumerable<IFeature> Create(NyalaServer server, out Registrar registrar, CommandList? commands = null, ServerNotices? notices = null)
    {
        var rosters = new RosterCache(server.Store.Rosters);
        var access = new PresenceAccess(rosters);
        var subscriptions = new Subscriptions(server, rosters);
        registrar = new Registrar(server, (account, inviter) => WelcomeAsync(server, subscriptions, account, inviter));
        commands ??= new CommandList();
        notices ??= new ServerNotices(server);
        registrar.Registered = notices.GreetAsync;
        var invites = new Invites(server, registrar, commands);
        var reports = new AbuseReports(server);
        var pubSub = new PubSubFeatures(server, rosters, access, subscriptions);
        var push = new PushNotifications(server);
        var rooms = new Rooms.Rooms(server, push);
        registrar.Admit = (account, invite) => AdmitAsync(server, rooms.Links, account, invite);
        var management = new RosterManagement(server, rosters, subscriptions);
        return
        [
            new LegacySession(),
            management,
            // Before presence: it knows why a session ends.
            rooms,
            new PresenceSharing(server, rosters, subscriptions, access),
            new Blocking(server, rosters, reports),
            reports,
            new Disco(server, access, pubSub.Disco),
            new EntityCaps(server),
            new InBandRegistration(server, registrar),
            invites,
            new OwnInvites(server, invites, rooms.Links, commands),
            new PeopleSearch(server, commands),
            new Commands(server, commands),
            new AccountAffiliation(server, rosters, access),
            new ServerInformation(server),
            notices,
            new GuestHost(server),
            new ArchivePreferences(server, rosters),
            new MessageArchive(server),
            new Carbons(),
            new ClientState(),
            new OfflineMessages(),
            new Ping(),
            new EntityTime(server),
            new SoftwareVersion(),
            new LastActivity(server, access),
            new FileUpload(server),
            push,
            new ExternalServices(server),
            .. pubSub.All,
            new Privileges(server, rosters, management),
            new PrivilegedIqs(server),
            new Delegations(server),
        ];
    }

    /// <summary>Who came with a group's link belongs to the group.</summary>
    static async Task AdmitAsync(NyalaServer server, Rooms.RoomLinks links, Storage.Account account, Storage.Invite invite)
    {
        if (invite.Inviter is { } maker && await server.Store.Accounts.FindAsync(maker) is { } host)
        {
            await links.AdmitAsync(
                invite, Jid.FromPrepared(host.Username, server.Options.Domain), Jid.FromPrepared(account.Username, server.Options.Domain));
        }
    }

    /// <summary>XEP-0401 §5: who was invited finds the inviter among its contacts, and the other way round.</summary>
    static async Task WelcomeAsync(NyalaServer server, Subscriptions subscriptions, Storage.Account account, long inviter)
    {
        if (await server.Store.Accounts.FindAsync(inviter) is { } host
            && await server.Accounts.LocateAsync(host.Username) is { } one
            && await server.Accounts.LocateAsync(account.Username) is { } other)
        {
            await subscriptions.BefriendAsync(one, other);
        }
    }
}
