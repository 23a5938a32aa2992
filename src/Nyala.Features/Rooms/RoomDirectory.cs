using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using Nyala.Core;
using Nyala.Core.Diagnostics;
using Nyala.Storage;
using Nyala.Xmpp;
using Nyala.Xmpp.Stanzas;

namespace Nyala.Features.Rooms;

/// <summary>The rooms in memory, loaded when first asked for. Safe from any thread.</summary>
sealed class RoomDirectory(NyalaServer server, string host)
{
    /// <summary>Rooms without occupants are forgotten beyond this many.</summary>
    const int Kept = 5_000;

    /// <summary>A room used within this time is never forgotten: messages on their way through the log find it.</summary>
    static readonly TimeSpan Settled = TimeSpan.FromSeconds(60);

    readonly ConcurrentDictionary<string, LiveRoom> _rooms = new(StringComparer.Ordinal);
    readonly ConcurrentDictionary<string, Lazy<Task<LiveRoom?>>> _loading = new(StringComparer.Ordinal);
    readonly Lazy<Task> _started = new(async () => await server.Store.Rooms.RemoveTemporaryAsync());
    int _evicting;

    public string Host => host;

    public ICollection<LiveRoom> Loaded => _rooms.Values;

    /// <summary>The room if it is in memory.</summary>
    public bool TryGet(string name, [NotNullWhen(true)] out LiveRoom? room)
    {
        if (!_rooms.TryGetValue(name, out room) || room.Rules.IsDestroyed)
        {
            return false;
        }

        room.LastUsed = server.Time.GetTimestamp();
        return true;
    }

    /// <summary>The room of that (prepared) name, or null.</summary>
    public ValueTask<LiveRoom?> LocateAsync(string name) => TryGet(name, out var room) ? new(room) : new(LoadAsync(name));

    /// <summary>Makes a room, locked, with its first owner; null when there is one already.</summary>
    public async ValueTask<LiveRoom?> CreateAsync(string name, Jid owner)
    {
        await _started.Value;

        // Until it is configured it does not outlive its creator's stay (§10.1), nor can others find it.
        var settings = SettingsOf(RoomConfig.PublicGroup) with { Persistent = false, Listed = false };
        var stored = await server.Store.Rooms.CreateAsync(name, settings, RandomNumberGenerator.GetBytes(32), owner.Bare.ToString(), server.Time.GetUtcNow());
        if (stored is null)
        {
            return null;
        }

        var room = new LiveRoom(stored, Jid.FromPrepared(name, host), isLocked: true) { LastUsed = server.Time.GetTimestamp() };
        _rooms[name] = room;
        return room;
    }

    /// <summary>Takes a room that is destroyed already out of store and memory.</summary>
    public async Task RemoveAsync(LiveRoom room)
    {
        try
        {
            await server.Store.Rooms.RemoveAsync(room.Rules.Id);
        }
        finally
        {
            _rooms.TryRemove(new(room.Rules.Address.Local!, room));
            room.IsGone();
        }
    }

    /// <summary>The same for who cannot wait.</summary>
    public void RemoveSoon(LiveRoom room) => _ = RemoveQuietlyAsync(room);

    public static RoomSettings SettingsOf(RoomConfig config) => new(
        config.Persistent, config.Public, config is { MembersOnly: false, PasswordProtected: false }, config.Name, config.Description, config.Language, RoomForm.Store(config));

    async Task RemoveQuietlyAsync(LiveRoom room)
    {
        try
        {
            await RemoveAsync(room);
        }
        catch (StoreException e)
        {
            // It is not persistent, so the next start removes it.
            server.Log.HandlerFailed("room removal", e);
        }
    }

    async Task<LiveRoom?> LoadAsync(string name)
    {
        await _started.Value;
        while (_rooms.TryGetValue(name, out var present))
        {
            if (!present.Rules.IsDestroyed)
            {
                return present;
            }

            await present.Gone;
        }

        // One load per room, however many ask: two objects for one room would part its occupants.
        return await _loading.GetOrAdd(name, key => new Lazy<Task<LiveRoom?>>(() => ReadAsync(key))).Value;
    }

    async Task<LiveRoom?> ReadAsync(string name)
    {
        try
        {
            if (TryGet(name, out var present))
            {
                return present;
            }

            if (await server.Store.Rooms.FindAsync(name) is not { Settings.Persistent: true } stored)
            {
                // One that does not stay is in memory as long as it is there.
                return TryGet(name, out present) ? present : null;
            }

            var room = new LiveRoom(stored, Jid.FromPrepared(name, host), isLocked: false) { LastUsed = server.Time.GetTimestamp() };
            var page = await server.Store.Archive.ReadAsync(
                new ArchiveQuery(room.Owner) { FromEnd = true, Max = RoomHistory.Most }, CancellationToken.None);
            foreach (var row in page.Rows)
            {
                var message = Stanza.Parse(row.Stanza);
                if (IsShownOnEntry(message))
                {
                    room.History.Add(new(row.Position, row.At, room.WithId(message, row.Position, server.Store.Archive.Ids)));
                }
            }

            Evict();
            return _rooms.GetOrAdd(name, room);
        }
        finally
        {
            _loading.TryRemove(name, out _);
        }
    }

    /// <summary>§7.2.13: changes of the subject are no history.</summary>
    public static bool IsShownOnEntry(Stanza message) => !(message.Has("subject", Ns.Client) && !message.Has("body", Ns.Client));

    void Evict()
    {
        if (_rooms.Count <= Kept || Interlocked.Exchange(ref _evicting, 1) == 1)
        {
            return;
        }

        foreach (var room in _rooms.Values.OrderBy(room => room.LastUsed).ToList())
        {
            lock (room.Rules.Gate)
            {
                if (_rooms.Count > Kept - (Kept / 10) && room.Rules.Seats.Count == 0 && room.Changes.CurrentCount > 0 && !room.Rules.IsDestroyed
                    && server.Time.GetElapsedTime(room.LastUsed) > Settled)
                {
                    // Whoever still holds it looks for another one.
                    room.Rules.Vanish();
                    room.IsGone();
                    _rooms.TryRemove(new(room.Rules.Address.Local!, room));
                }
            }
        }

        Volatile.Write(ref _evicting, 0);
    }
}
