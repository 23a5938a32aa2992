using Nyala.Xmpp;
using Nyala.Xmpp.Stanzas;

namespace Nyala.Core.Routing;

/// <summary>
/// Sends to one address in order (RFC 6120 §10.1): messages take the log's way, presence and iq do not, and so they wait until
/// the messages before them have gone. Whoever else gives that address something, straight to a session, asks
/// <see cref="IsBusy"/> first and then comes <see cref="After"/>. Bounded. Safe from any thread.
/// </summary>
public sealed class OrderedSender(Router router)
{
    const int Most = 2_000;

    readonly Lock _gate = new();
    readonly Queue<Step> _waiting = [];
    int _messages;
    bool _running;
    volatile bool _busy;

    /// <summary>Something is on its way that must not be overtaken.</summary>
    public bool IsBusy => _busy;

    /// <summary>Sends a stanza when its turn comes, see <see cref="Router.RouteAsync"/>. False: too much waits, and it is not sent.</summary>
    public bool Send(Stanza stanza, Jid from, Jid to) => Add(new(stanza, from, to, null));

    /// <summary>Does something when all before it has gone; must not block. False: too much waits, and it is not done.</summary>
    public bool After(Action action) => Add(new(null, null, null, action));

    bool Add(Step step)
    {
        lock (_gate)
        {
            if (_waiting.Count >= Most)
            {
                return false;
            }

            _waiting.Enqueue(step);
            _busy = true;
            if (_running)
            {
                return true;
            }

            _running = true;
        }

        _ = RunAsync();
        return true;
    }

    async Task RunAsync()
    {
        while (Next() is { } step)
        {
            if (step.Action is { } action)
            {
                action();
            }
            else if (step.Stanza!.Kind == StanzaKind.Message)
            {
                await router.RouteAsync(step.Stanza, step.From!, step.To!, Gone);
            }
            else
            {
                await router.RouteAsync(step.Stanza, step.From!, step.To!);
            }
        }
    }

    /// <summary>What may go now; null: nothing, and whoever adds something or ends a message's way begins anew.</summary>
    Step? Next()
    {
        lock (_gate)
        {
            if (_waiting.TryPeek(out var step) && (step.Stanza?.Kind == StanzaKind.Message || _messages == 0))
            {
                _messages += step.Stanza?.Kind == StanzaKind.Message ? 1 : 0;
                return _waiting.Dequeue();
            }

            _running = false;
            _busy = _waiting.Count > 0 || _messages > 0;
            return null;
        }
    }

    /// <summary>A message has gone where it goes, or nowhere.</summary>
    void Gone()
    {
        lock (_gate)
        {
            _messages--;
            if (_running || _messages > 0)
            {
                return;
            }

            if (_waiting.Count == 0)
            {
                _busy = false;
                return;
            }

            _running = true;
        }

        _ = RunAsync();
    }

    sealed record Step(Stanza? Stanza, Jid? From, Jid? To, Action? Action);
}
