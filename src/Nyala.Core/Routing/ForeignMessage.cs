using Nyala.Storage;
using Nyala.Xmpp;
using Nyala.Xmpp.Stanzas;

namespace Nyala.Core.Routing;

/// <summary>A message that does not come from a session here, or does not go to an account here.</summary>
sealed class ForeignMessage(Router router, Stanza message, Jid from, Jid to, IStanzaHost? host, Action? handled) : MessageEntry(router, message, from, to)
{
    /// <summary>Who takes it; null for an account here.</summary>
    public IStanzaHost? Host => host;

    private protected override void HandOver() => host?.Deliver(this);

    private protected override void Left()
    {
        if (Outcome == LogOutcome.Duplicate)
        {
            host?.Repeated(this);
        }

        if (Origin is null && Error is { } error)
        {
            Router.Answer(Message, error);
        }

        handled?.Invoke();
    }
}
