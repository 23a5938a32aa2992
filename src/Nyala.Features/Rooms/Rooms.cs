using Nyala.Core;
using Nyala.Core.Connections;
using Nyala.Core.Routing;
using Nyala.Core.Sessions;
using Nyala.Features.Push;
using Nyala.Xmpp;
using Nyala.Xmpp.Payloads;
using Nyala.Xmpp.Stanzas;

namespace Nyala.Features.Rooms;

/// <summary>Groups: rooms on a host of their own, to which people belong also while they are away.</summary>
[Xep(45, "1.35.5", Note = "no public logging on web pages")]
[Xep(249, "1.2", Note = "direct invitations pass untouched")]
[Xep(313, "1.1.3", Note = "archives of rooms")]
[Xep(317, "0.3.1")]
[Xep(359, "0.7.0", Note = "stanza-ids of the room's archive")]
[Xep(410, "1.1.0")]
[Xep(421, "1.0.1")]
[Xep(424, "0.4.2", Note = "tombstones in the archives of rooms")]
[Xep(425, "0.3.0")]
[Xep(433, "0.1.0")]
[Xep(486, "0.1.0")]
[Xep(500, "0.1.1")]
public sealed class Rooms : IFeature, IStanzaHost
{
    readonly NyalaServer _server;
    readonly RoomOperations _rooms;
    readonly RoomPresence _presence;
    readonly RoomMessages _messages;
    readonly RoomModeration _moderation;
    readonly RoomQueries _queries;
    readonly RoomRequests _requests;
    readonly string _host;

    /// <param name="server">The server.</param>
    /// <param name="push">Wakes the devices of those who are away.</param>
    public Rooms(NyalaServer server, PushNotifications push)
    {
        _server = server;
        _host = server.Options.Rooms.Host ?? "rooms." + server.Options.Domain;
        _rooms = new(server, new(server, _host));
        _presence = new(_rooms);
        _moderation = new(_rooms);
        _requests = new(_rooms);
        _messages = new(_rooms, _presence, _requests, _moderation, new(_rooms, push.Engine));
        _queries = new(_rooms);
        Links = new(_rooms, _requests);
    }

    /// <summary>Links into groups.</summary>
    public RoomLinks Links { get; }

    public void Register(FeatureBuilder on)
    {
        if (_host.Length == 0)
        {
            return;
        }

        on.Host(_host, this, "Groups");
        on.SessionEnding(EndingAsync);
        on.AccountRemoving(account => ForgetAsync(account.Jid));
        on.AccountRemoved(account => ForgetAsync(account.Jid));
        on.AddressGone(ForgetAsync);
        on.Stopping(StoppingAsync);
        RegisterService(on);
        RegisterRooms(on);
    }

    Entity? IStanzaHost.EntityOf(Jid address) => address switch
    {
        { Resource: not null } => null,
        { Local: null } => Entity.RoomService,
        _ => Entity.Room,
    };

    async ValueTask<StanzaError?> IStanzaHost.CheckAsync(MessageEntry message) => Of(message.ToJid, await _messages.CheckAsync(message));

    void IStanzaHost.Deliver(MessageEntry message) => _messages.Deliver(message);

    void IStanzaHost.Repeated(MessageEntry message) => _messages.Repeated(message);

    async ValueTask<StanzaError?> IStanzaHost.PresenceAsync(Stanza presence) => Of(presence.To!, await _presence.TakeAsync(presence));

    async ValueTask<StanzaError?> IStanzaHost.IqAsync(Stanza iq) => Of(iq.To!, await _queries.TakeAsync(iq));

    /// <summary>§7: an error under an occupant's address that the room itself has made names the room.</summary>
    static StanzaError? Of(Jid to, StanzaError? error) => error is null || to.Local is null ? error : error with { By = to.Bare };

    void RegisterService(FeatureBuilder on)
    {
        var (disco, search) = (new RoomDisco(_rooms), new RoomSearch(_rooms));
        on.IqGet(Ns.DiscoInfo, "query", disco.ServiceInfoAsync, Entity.RoomService);
        on.IqGet(Ns.DiscoItems, "query", disco.ServiceItemsAsync, Entity.RoomService);
        on.IqGet(Ns.ChannelSearch, "search", search.AnswerAsync, Entity.RoomService);
        on.IqGet(Ns.Ping, "ping", _ => IqReply.Done, Entity.RoomService | Entity.Room);
    }

    void RegisterRooms(FeatureBuilder on)
    {
        var (archive, cards, hats) = (new RoomArchive(_rooms), new RoomCards(_rooms), new RoomHatCommands(_rooms));
        var (administration, registration) = (new RoomAdministration(_rooms), new RoomRegistration(_rooms, _requests));
        Get(on, Ns.DiscoInfo, "query", RoomDisco.RoomInfoAsync);
        Get(on, Ns.DiscoItems, "query", RoomDisco.RoomItemsAsync);
        Get(on, Ns.MucAdmin, "query", RoomAdministration.ListAsync);
        Set(on, Ns.MucAdmin, "query", administration.ChangeAsync);
        Get(on, Ns.MucOwner, "query", RoomAdministration.OfferAsync);
        Set(on, Ns.MucOwner, "query", administration.ConfigureAsync);
        Get(on, Ns.Register, "query", RoomRegistration.OfferAsync);
        Set(on, Ns.Register, "query", registration.RegisterAsync);
        Set(on, Ns.GroupLinks, "join", Links.JoinAsync);
        Get(on, Ns.Mam, "query", RoomArchive.FormAsync);
        on.IqQuery(Ns.Mam, "query", request => InAsync(request, archive.QueryAsync), Entity.Room);
        Get(on, Ns.Mam, "metadata", archive.MetadataAsync);
        Set(on, Ns.Moderation, "moderate", _moderation.ModerateAsync);
        Get(on, Ns.VCard, "vCard", RoomCards.GetAsync);
        Set(on, Ns.VCard, "vCard", cards.SetAsync);
        Set(on, Ns.Commands, "command", hats.ExecuteAsync);
    }

    void Get(FeatureBuilder on, string ns, string name, RoomHandler handler) => on.IqGet(ns, name, request => InAsync(request, handler), Entity.Room);

    void Set(FeatureBuilder on, string ns, string name, RoomHandler handler) => on.IqSet(ns, name, request => InAsync(request, handler), Entity.Room);

    async ValueTask<IqReply> InAsync(IqRequest request, RoomHandler handler) =>
        await _rooms.Directory.LocateAsync(request.To.Local!) is { } room && MayKnow(room, request.From)
            ? await handler(request, room)
            : StanzaError.ItemNotFound;

    /// <summary>§10.1.1: a locked room is there for its creator alone.</summary>
    static bool MayKnow(LiveRoom room, Jid from) =>
        RoomOperations.Look(room, rules => !rules.IsDestroyed && (!rules.IsLocked || rules.ActorOf(from).IsOwner));

    ValueTask EndingAsync(Session session)
    {
        _presence.Ending(session, isFault: session.EndReason is EndReason.ConnectionLost or EndReason.Unresponsive or EndReason.DoesNotRead or EndReason.Overload);
        return ValueTask.CompletedTask;
    }

    /// <summary>
    /// Nobody who takes the name later shall be what this address was. Before an account goes, so that nothing is left if the process
    /// ends in between, and after, for what came in between.
    /// </summary>
    async ValueTask ForgetAsync(Jid address)
    {
        foreach (var room in _rooms.Directory.Loaded)
        {
            RoomOperations.Look(room, rules => rules.ForgetVoice(address.ToString()));
        }

        foreach (var name in await _server.Store.Rooms.ForgetAsync(address.ToString()))
        {
            if (await _rooms.Directory.LocateAsync(name) is { } room)
            {
                await _rooms.MakeAsync(room, new(address.ToString(), Affiliation.None), null);
                await InheritAsync(room);
            }
        }
    }

    /// <summary>A room must have an owner (§5.2): without one it is its oldest admin's, and without admins it goes when it is empty.</summary>
    async ValueTask InheritAsync(LiveRoom room)
    {
        var admins = RoomOperations.Look(room, rules => rules.IsOwned ? null
            : rules.Members.Where(member => member.Affiliation == Affiliation.Admin).Select(member => Jid.Parse(member.Jid)).ToList());
        if (admins is null)
        {
            return;
        }

        var heirs = new List<(DateTimeOffset Since, Jid Jid)>();
        foreach (var admin in admins)
        {
            // Those of this server first: of others it is not known how long they have been there.
            var found = admin.Domain == _server.Options.Domain && admin.Local is not null ? await _server.Store.Accounts.FindAsync(admin.Local) : null;
            heirs.Add((found?.CreatedAt ?? DateTimeOffset.MaxValue, admin));
        }

        await (heirs.Count == 0
            ? _rooms.AbandonAsync(room)
            : _rooms.MakeAsync(room, new(heirs.MinBy(heir => (heir.Since, heir.Jid.ToString())).Jid.ToString(), Affiliation.Owner), null, rules => rules.IsOwned ? StanzaError.Conflict : null));
    }

    /// <summary>§11.2: those who are there hear that the service goes down.</summary>
    ValueTask StoppingAsync()
    {
        foreach (var room in _rooms.Directory.Loaded)
        {
            _rooms.Do(room, notices => room.Rules.ShutDown(notices));
        }

        return ValueTask.CompletedTask;
    }
}

/// <summary>Answers an iq for a room that is there.</summary>
delegate ValueTask<IqReply> RoomHandler(IqRequest request, LiveRoom room);
