using System.Collections.Concurrent;
using System.Globalization;
using Nyala.Core;
using Nyala.Storage;
using Nyala.Xmpp;
using Nyala.Xmpp.Payloads;
using Nyala.Xmpp.Stanzas;
using Nyala.Xmpp.Xml;

namespace Nyala.Features.Push;

/// <summary>Tells the app servers of mobile clients, which are XMPP services (XEP-0357 §7). Safe from any thread.</summary>
sealed class XmppPushService(NyalaServer server) : IPushService
{
    /// <summary>What the ids of its requests begin with.</summary>
    public const string IdPrefix = "push-";

    static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    readonly ConcurrentDictionary<string, (Jid Service, TaskCompletionSource<Stanza> Answer)> _asked = new(StringComparer.Ordinal);
    readonly Jid _own = Jid.FromPrepared(null, server.Options.Domain);

    public string Name => "xmpp";

    public bool PerChat => false;

    public async Task<PushOutcome> SendAsync(PushRegistration registration, PushNotice notice, CancellationToken cancellation)
    {
        var service = Jid.Parse(registration.Jid);
        var id = IdPrefix + Guid.NewGuid().ToString("N");
        var asked = new TaskCompletionSource<Stanza>(TaskCreationOptions.RunContinuationsAsynchronously);
        _asked[id] = (service, asked);
        try
        {
            server.Router.Send(Stanza.Of(Request(registration, notice).Set("id", id)), _own, service);
            return Read(await asked.Task.WaitAsync(Patience, server.Time, cancellation));
        }
        catch (TimeoutException)
        {
            return new(PushResult.Later, "no answer");
        }
        finally
        {
            _asked.TryRemove(id, out _);
        }
    }

    /// <summary>Somebody has answered one of its requests.</summary>
    public void Answered(Jid from, Stanza iq)
    {
        if (_asked.TryGetValue(iq.Id!, out var asked) && asked.Service.Equals(from))
        {
            asked.Answer.TrySetResult(iq);
        }
    }

    Element Request(PushRegistration registration, PushNotice notice)
    {
        var summary = new DataForm("submit", Ns.PushSummary)
            .Add(new DataFormField("message-count", null, [notice.Count.ToString(CultureInfo.InvariantCulture)]));
        var options = server.Options.Push;
        if (options.ShowSender)
        {
            summary.Add(new DataFormField("last-message-sender", null, [notice.Sender]));
        }

        if (options.Text.Length > 0)
        {
            summary.Add(new DataFormField("last-message-body", null, [options.Text]));
        }

        var item = new Element("item", Ns.PubSub).Add(new Element("notification", Ns.Push).Add(summary.ToElement()));
        var pubSub = new Element("pubsub", Ns.PubSub)
            .Add(new Element("publish", Ns.PubSub).Set("node", registration.Node.Length > 0 ? registration.Node : null).Add(item));
        if (registration.Form is { } form)
        {
            pubSub.Add(new Element("publish-options", Ns.PubSub).Add(Stanza.Parse(form).ToElement()));
        }

        return new Element("iq", Ns.Client).Set("type", "set").Add(pubSub);
    }

    /// <summary>§7.1: an error ends the registration, unless it may pass.</summary>
    static PushOutcome Read(Stanza answer)
    {
        if (answer.Type == StanzaType.Result)
        {
            return new(PushResult.Taken, "ok");
        }

        var error = answer.Child("error", Ns.Client);
        var condition = error?.Children.FirstOrDefault(child => child.Namespace == Ns.StanzaErrors && child.Name != "text")?.Name ?? "undefined-condition";

        // A service or server that is away says so with the type cancel as well.
        var passes = error?["type"] == "wait"
            || condition is "remote-server-not-found" or "remote-server-timeout" or "service-unavailable" or "internal-server-error" or "resource-constraint" or "recipient-unavailable";
        return new(passes ? PushResult.Later : PushResult.Gone, condition);
    }
}
