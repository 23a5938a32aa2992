using Nyala.Core.Routing;
using Nyala.Core.Sessions;
using Nyala.Storage;
using Nyala.Xmpp;

namespace Nyala.Features.Push;

/// <summary>The registrations of an account in memory. Safe from any thread.</summary>
sealed class PushAccount(PushEngine engine, long id, Jid jid)
{
    PushTarget[] _targets = [];

    public long Id => id;

    public Jid Jid => jid;

    public PushTarget[] Targets => Volatile.Read(ref _targets);

    /// <summary>One change at a time.</summary>
    public SemaphoreSlim Changes { get; } = new(1);

    /// <summary>The device of a session: what its client calls itself (XEP-0388 §2.2), else its resource.</summary>
    public static string DeviceOf(Session session) => session.Device is { } device ? "device " + device : "resource " + session.Jid.Resource;

    /// <summary>Takes over what is stored; called for one change after the other.</summary>
    public async ValueTask SetAsync(IReadOnlyList<PushRegistration> registrations)
    {
        var present = Targets.ToDictionary(target => target.Registration.Id);
        var targets = new List<PushTarget>(registrations.Count);
        foreach (var registration in registrations)
        {
            if (present.Remove(registration.Id, out var target))
            {
                if (registration.EnabledAt != target.Registration.EnabledAt)
                {
                    target.Renew(registration);
                }
            }
            else
            {
                target = new(engine, this, registration, await engine.Server.Store.Mailboxes.LoadMarkAsync(registration.Owner));
            }

            targets.Add(target);
        }

        Volatile.Write(ref _targets, [.. targets]);
        foreach (var gone in present.Values)
        {
            gone.End();
        }
    }

    /// <summary>Lets the sessions of devices that are woken tell what their clients have.</summary>
    public void Watch(LocalAccount account)
    {
        foreach (var session in account.Sessions)
        {
            Watch(session);
        }
    }

    public void Watch(Session session)
    {
        var device = DeviceOf(session);
        session.Watcher = Array.Exists(Targets, target => target.Registration.Device == device) ? session.Watcher ?? new SessionWatcher(this, device) : null;
    }

    /// <summary>A stored message to the account.</summary>
    public void Take(LocalAccount account, long position, PushKind kind, string chat, string sender, TimeSpan expires)
    {
        foreach (var target in Targets)
        {
            if (kind == PushKind.None)
            {
                target.Passed(position);
            }
            else
            {
                target.Add(new(position, chat, kind, sender, engine.DueOf(account, target.Registration.Device, kind), expires));
            }
        }
    }
}

/// <summary>Hears what one session's client has, for its device's registrations.</summary>
sealed class SessionWatcher(PushAccount account, string device) : IRowWatcher
{
    public string Device => device;

    /// <summary>Whose it is.</summary>
    public PushAccount Account => account;

    /// <summary>The registrations of the device.</summary>
    public IEnumerable<PushTarget> Targets => account.Targets.Where(target => target.Registration.Device == device);

    public void Acknowledged(long position)
    {
        foreach (var target in Targets)
        {
            target.Acknowledged(position);
        }
    }
}
