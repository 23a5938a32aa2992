using System.Globalization;
using System.Text;
using Nyala.Core;
using Nyala.Core.Connections;
using Nyala.Core.Routing;
using Nyala.Core.Sessions;
using Nyala.Features.Sharing;
using Nyala.Storage;
using Nyala.Xmpp;
using Nyala.Xmpp.Stanzas;
using Nyala.Xmpp.Xml;

namespace Nyala.Features;

/// <summary>Last Activity: how long the server runs, and to those who see its presence since when an account is away.</summary>
[Xep(12, "2.0")]
public sealed class LastActivity(NyalaServer server, PresenceAccess access) : IFeature, ITimerTarget
{
    const string Kind = "last";

    /// <summary>Accounts whose time may wait to be stored; more are stored at once, and those of a disk that refuses forgotten.</summary>
    const int MostWaiting = 1_000;

    static readonly TimeSpan Laziness = TimeSpan.FromSeconds(5);

    readonly long _started = server.Time.GetTimestamp();
    readonly Lock _gate = new();
    Dictionary<long, byte[]> _waiting = [];
    Dictionary<long, byte[]> _writing = [];

    public void Register(FeatureBuilder on)
    {
        on.Advertise(Ns.LastActivity);
        on.IqGet(Ns.LastActivity, "query", _ => (IqReply)Seconds(server.Time.GetElapsedTime(_started)), Entity.Domain);
        on.IqGet(Ns.LastActivity, "query", OfAccountAsync, Entity.OwnAccount | Entity.OtherAccount);
        on.SessionEnding(EndingAsync);
        on.Stopping(WriteAsync);
    }

    /// <summary>When an account's last session ended; null: never, or nothing is known of it.</summary>
    public static async ValueTask<DateTimeOffset?> LeftAtAsync(IStore store, long account) =>
        await store.Documents.GetAsync(account, Kind, "") is { } stored ? Parse(stored) : null;

    static DateTimeOffset? Parse(byte[] stored) =>
        long.TryParse(Encoding.UTF8.GetString(stored), NumberStyles.None, CultureInfo.InvariantCulture, out var at) ? DateTimeOffset.FromUnixTimeSeconds(at) : null;

    async ValueTask<IqReply> OfAccountAsync(IqRequest request)
    {
        var account = request.Account!;
        if (!await access.MaySeeAsync(account, request.From) || !await ShowsAsync(account, request.From))
        {
            // §4 wants forbidden, which would tell that the account exists, or that it chose to say nothing.
            return StanzaError.ServiceUnavailable;
        }

        if (!account.Sessions.IsEmpty)
        {
            // §3: connected is enough.
            return Seconds(TimeSpan.Zero);
        }

        var at = Waiting(account.Id) is { } waiting ? Parse(waiting) : await LeftAtAsync(server.Store, account.Id);
        return at is null ? StanzaError.ServiceUnavailable : Seconds(server.Time.GetUtcNow() - at.Value);
    }

    /// <summary>Whoever does not want to be seen last is not told of by the server either; §8 leaves it to their client while one is there.</summary>
    async ValueTask<bool> ShowsAsync(LocalAccount account, Jid asker) =>
        asker.Bare.Equals(account.Jid)
        || await server.Store.PubSub.NewestAsync(account.Id, Ns.LastSeen) is not var (_, item) || item.Payload.Length == 0
        || Stanza.Parse(item.Payload).ToElement() is not { Name: "last-seen", Namespace: Ns.LastSeen } choice || choice["shown"] != "false";

    /// <summary>People leave in crowds, and a crash may forget when: so not a commit for each.</summary>
    public void Due(TimerHandle timer) => _ = WriteAsync().AsTask();

    ValueTask EndingAsync(Session session)
    {
        // Most clients send unavailable presence before they go, so that says nothing here.
        if (!session.Account.Sessions.IsEmpty || session.Account.IsRemoved)
        {
            return ValueTask.CompletedTask;
        }

        int waiting;
        var now = server.Time.GetUtcNow().ToUnixTimeSeconds();
        lock (_gate)
        {
            _waiting[session.Account.Id] = Encoding.UTF8.GetBytes(now.ToString(CultureInfo.InvariantCulture));
            waiting = _waiting.Count;
        }

        if (waiting == 1)
        {
            server.Timers.Schedule(Laziness, this);
        }

        return waiting < MostWaiting ? ValueTask.CompletedTask : WriteAsync();
    }

    byte[]? Waiting(long account)
    {
        lock (_gate)
        {
            return _waiting.GetValueOrDefault(account) ?? _writing.GetValueOrDefault(account);
        }
    }

    async ValueTask WriteAsync()
    {
        Dictionary<long, byte[]> writing;
        lock (_gate)
        {
            if (_waiting.Count == 0)
            {
                return;
            }

            (writing, _writing, _waiting) = (_waiting, _waiting, []);
        }

        try
        {
            await server.Store.Documents.SetAsync(Kind, "", writing);
        }
        catch (StoreException)
        {
            // The store has said so; nobody was promised this.
        }

        lock (_gate)
        {
            if (_writing == writing)
            {
                _writing = [];
            }
        }
    }

    static Element Seconds(TimeSpan time) =>
        new Element("query", Ns.LastActivity).Set("seconds", ((long)Math.Max(0, time.TotalSeconds)).ToString(CultureInfo.InvariantCulture));
}
