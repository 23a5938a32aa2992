using Nyala.Core;
using Nyala.Storage;
using Nyala.Xmpp;
using Nyala.Xmpp.Payloads;
using Nyala.Xmpp.Stanzas;

namespace Nyala.Features.Rooms;

/// <summary>What is done to rooms, whoever asks for it: checked, stored where it must be, changed and told, in that order. Safe from any thread.</summary>
sealed class RoomOperations(NyalaServer server, RoomDirectory directory)
{
    public NyalaServer Server => server;

    public RoomDirectory Directory => directory;

    public Announcer Announcer { get; } = new(server);

    /// <summary>Does something to a room and tells what follows; a room that does not stay goes with its last occupant (§7.14).</summary>
    public T Do<T>(LiveRoom room, Func<List<Notice>, T> act)
    {
        List<Notice> notices = [];
        T result;
        bool vanishes;
        lock (room.Rules.Gate)
        {
            result = act(notices);
            Announcer.Tell(room, notices);
            vanishes = room.Rules is { IsDestroyed: false, Seats.Count: 0 } && (room.Rules.IsLocked || !room.Rules.Config.Persistent);
            if (vanishes)
            {
                room.Rules.Vanish();
            }
        }

        if (vanishes)
        {
            directory.RemoveSoon(room);
        }

        return result;
    }

    public void Do(LiveRoom room, Action<List<Notice>> act) => Do(room, notices =>
    {
        act(notices);
        return true;
    });

    /// <summary>Reads something of a room.</summary>
    public static T Look<T>(LiveRoom room, Func<Room, T> look)
    {
        lock (room.Rules.Gate)
        {
            return look(room.Rules);
        }
    }

    /// <summary>§8, §9, §10.3–10.8: all of these changes of roles and affiliations, or an error and none.</summary>
    /// <param name="room">Where.</param>
    /// <param name="real">Who wants it.</param>
    /// <param name="items">What.</param>
    public ValueTask<StanzaError?> RuleAsync(LiveRoom room, Jid real, IReadOnlyList<RoomItem> items) => ChangeAsync(room, rules =>
    {
        var roles = items.Where(item => item.Role is not null).ToList();
        var lists = items.Where(item => item.Affiliation is not null).ToList();
        var actor = rules.ActorOf(real);
        List<RoomMember> changes = [];
        var error = rules.CheckRoles(actor, roles);
        if (error is null && lists.Count > 0)
        {
            (changes, error) = rules.CheckAffiliations(actor, lists);
        }

        return error is not null ? new Change(error) : new Change(null, changes, notices =>
        {
            rules.ChangeRoles(actor, roles, notices);
            rules.ChangeAffiliations(changes, actor, invites: true, notices);
        });
    });

    /// <summary>Makes somebody something to a room, whoever the actor is.</summary>
    /// <param name="room">Where.</param>
    /// <param name="member">Who, and what.</param>
    /// <param name="real">Who does it; null: the server.</param>
    /// <param name="check">What must hold at that moment, or null.</param>
    public ValueTask<StanzaError?> MakeAsync(LiveRoom room, RoomMember member, Jid? real, Func<Room, StanzaError?>? check = null) => ChangeAsync(
        room,
        rules => check?.Invoke(rules) is { } error
            ? new Change(error)
            : new Change(null, [member], notices => rules.ChangeAffiliations([member], real is null ? null : rules.ActorOf(real), invites: false, notices)));

    /// <summary>Nobody owns the room any more: it goes with its last occupant.</summary>
    public ValueTask<StanzaError?> AbandonAsync(LiveRoom room) => ChangeAsync(room, rules =>
    {
        var config = rules.Config with { Persistent = false };
        return rules.IsOwned ? new Change(StanzaError.Conflict)
            : new Change(null, [], notices => rules.Configure(config, notices)) { Settings = RoomDirectory.SettingsOf(config) };
    });

    /// <summary>§10.1.3, §10.2: configures a room as its owner wishes.</summary>
    public ValueTask<StanzaError?> ConfigureAsync(LiveRoom room, Jid real, DataForm form) => ChangeAsync(room, rules =>
    {
        var actor = rules.ActorOf(real);
        if (!actor.IsOwner)
        {
            return new Change(StanzaError.Forbidden);
        }

        var (config, error) = RoomForm.Read(form, rules.Config);
        var (valid, items) = RoomForm.ReadLists(form, rules.Members);
        List<RoomMember> changes = [];
        error ??= valid ? null : StanzaError.JidMalformed;
        if (error is null && items.Count > 0)
        {
            (changes, error) = rules.CheckAffiliations(actor, items);
        }

        return error is not null ? new Change(error) : new Change(null, changes, notices =>
        {
            rules.ChangeAffiliations(changes, actor, invites: false, notices);
            rules.Configure(config!, notices);
        })
        { Settings = RoomDirectory.SettingsOf(config!) };
    });

    /// <summary>A change of anything else that is stored, one at a time with all others.</summary>
    public async ValueTask<StanzaError?> StoreAsync(LiveRoom room, Func<Room, StanzaError?> check, Func<ValueTask> store, Action<List<Notice>> change)
    {
        await room.Changes.WaitAsync();
        try
        {
            if (Look(room, rules => rules.IsDestroyed ? StanzaError.ItemNotFound : check(rules)) is { } error)
            {
                return error;
            }

            await store();
            Do(room, change);
            return null;
        }
        finally
        {
            room.Changes.Release();
        }
    }

    /// <summary>§10.9: the room is no more, on disk before anybody is told.</summary>
    public async ValueTask<StanzaError?> DestroyAsync(LiveRoom room, Jid real, Xmpp.Xml.Element? farewell)
    {
        await room.Changes.WaitAsync();
        try
        {
            if (Look(room, rules => rules.IsDestroyed ? StanzaError.ItemNotFound : rules.ActorOf(real).IsOwner ? null : StanzaError.Forbidden) is { } error)
            {
                return error;
            }

            await server.Store.Rooms.RemoveAsync(room.Rules.Id);
            Do(room, notices => room.Rules.Destroy(farewell, notices));
            await directory.RemoveAsync(room);
            return null;
        }
        finally
        {
            room.Changes.Release();
        }
    }

    async ValueTask<StanzaError?> ChangeAsync(LiveRoom room, Func<Room, Change> plan)
    {
        Change? change = null;
        return await StoreAsync(
            room,
            rules => (change = plan(rules)).Error,
            async () =>
            {
                if (change!.Settings is not null || change.Members.Count > 0)
                {
                    await server.Store.Rooms.ChangeAsync(room.Rules.Id, change.Settings, change.Members);
                }
            },
            notices => change!.Apply(notices));
    }

    /// <summary>What a request comes to: an error, or what is stored and then done.</summary>
    sealed record Change(StanzaError? Error, IReadOnlyCollection<RoomMember> Members, Action<List<Notice>> Apply)
    {
        public Change(StanzaError error)
            : this(error, [], _ => { })
        {
        }

        public RoomSettings? Settings { get; init; }
    }
}
