using System.Collections.Immutable;
using Nyala.Core.Sessions;
using Nyala.Storage;
using Nyala.Xmpp;

namespace Nyala.Core.Routing;

/// <summary>
/// An account of this server while anybody needs it in memory. Sessions change under <see cref="Gate"/>; reading them needs
/// no lock. Safe from any thread.
/// </summary>
public sealed class LocalAccount
{
    Session[] _sessions = [];
    Slots _slots;

    internal LocalAccount(long id, Jid jid, long mark, long head)
    {
        Id = id;
        Jid = jid;
        Mailbox = new Mailbox(this, mark, head);
    }

    /// <summary>The storage's number of the account.</summary>
    public long Id { get; }

    /// <summary>The bare address.</summary>
    public Jid Jid { get; }

    /// <summary>Bound sessions, connected or hibernated. A snapshot.</summary>
    public ReadOnlySpan<Session> Sessions => Volatile.Read(ref _sessions);

    /// <summary>The same for code that awaits.</summary>
    public ImmutableArray<Session> SessionList => System.Runtime.InteropServices.ImmutableCollectionsMarshal.AsImmutableArray(Volatile.Read(ref _sessions));

    /// <summary>How far delivery has come (R8).</summary>
    public Mailbox Mailbox { get; }

    /// <summary>True once the account was removed: nothing is accepted for it any more.</summary>
    public bool IsRemoved { get; internal set; }

    /// <summary>True while nobody is let in.</summary>
    public bool IsDisabled { get; internal set; }

    public DateTimeOffset CreatedAt { get; internal init; }

    public AccountOrigin Origin { get; internal init; }

    internal Lock Gate { get; } = new();

    /// <summary>When the directory last handed it out, in its own ticks; for eviction.</summary>
    internal long LastUsed;

    public T? Get<T>(SlotKey<T> key) => _slots.Get(key);

    public void Set<T>(SlotKey<T> key, T? value) => _slots.Set(key, value);

    /// <summary>The session with that resource, or null.</summary>
    public Session? Find(string resource)
    {
        foreach (var session in Sessions)
        {
            if (session.Jid.Resource == resource)
            {
                return session;
            }
        }

        return null;
    }

    /// <summary>The state the delivery rules look at.</summary>
    public Presence Presence
    {
        get
        {
            var presence = Presence.None;
            foreach (var session in Sessions)
            {
                if (session.IsAvailable)
                {
                    if (session.Priority >= 0)
                    {
                        return Presence.NonNegative;
                    }

                    presence = Presence.OnlyNegative;
                }
            }

            return presence;
        }
    }

    /// <summary>Under <see cref="Gate"/>.</summary>
    internal void Add(Session session) => Volatile.Write(ref _sessions, [.. _sessions, session]);

    /// <summary>Under <see cref="Gate"/>.</summary>
    internal bool Remove(Session session)
    {
        var rest = _sessions.Where(other => other != session).ToArray();
        var removed = rest.Length != _sessions.Length;
        Volatile.Write(ref _sessions, rest);
        return removed;
    }
}
