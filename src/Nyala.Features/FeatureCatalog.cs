using Nyala.Core;
using Nyala.Core.Routing;
using Nyala.Core.Sessions.Negotiation;
using Nyala.Features.Registration;
using Nyala.Features.Rosters;
using Nyala.Features.Sharing;

namespace Nyala.Features;

/// <summary>Every extension of the server. Inside a message stage they run in this order.</summary>
public static class FeatureCatalog
{
    /// <param name="registrar">What makes accounts for people, for the web pages too.</param>
    public static IEnumerable<IFeature> Create(NyalaServer server, out Registrar registrar)
    {
        var rosters = new RosterCache(server.Store.Rosters);
        var access = new PresenceAccess(rosters);
        var subscriptions = new Subscriptions(server, rosters);
        registrar = new Registrar(server, (account, inviter) => WelcomeAsync(server, subscriptions, account, inviter));
        var commands = new CommandList();
        return
        [
            new LegacySession(),
            new RosterManagement(server, rosters, subscriptions),
            new PresenceSharing(server, rosters, subscriptions, access),
            new Blocking(server, rosters),
            new Disco(server, access),
            new EntityCaps(server),
            new InBandRegistration(server, registrar),
            new Invites(server, registrar, commands),
            new Commands(commands),
            new ArchivePreferences(server, rosters),
            new MessageArchive(server),
            new Carbons(),
            new ClientState(),
            new OfflineMessages(),
            new Ping(),
            new EntityTime(server),
            new SoftwareVersion(),
            new LastActivity(server, access),
            new PrivateXml(server),
            new VCardTemp(server),
        ];
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
