using System.Text;
using Nyala.Core;
using Nyala.Core.Routing;
using Nyala.Storage;
using Nyala.Xmpp;
using Nyala.Xmpp.Payloads;
using Nyala.Xmpp.Stanzas;
using Nyala.Xmpp.Xml;

namespace Nyala.Features.Push;

/// <summary>
/// Push Notifications: devices that do not acknowledge what is sent to them are woken, by the app server of their client or, browsers, by
/// Web Push (R13, docs/push.md).
/// </summary>
[Xep(357, "0.4.1", Note = "never the text of a message; the sender only by Push:ShowSender; a registration belongs to the device that has enabled it")]
public sealed class PushNotifications : IFeature
{
    const int MostNodeBytes = 1_024;
    const int MostFormBytes = 8_192;

    readonly NyalaServer _server;
    readonly XmppPushService _apps;
    readonly WebPushService _browsers;

    public PushNotifications(NyalaServer server)
    {
        _server = server;
        _apps = new(server);
        _browsers = new(server);
        Engine = new(server, _apps, _browsers, _browsers.Jid.ToString());
    }

    internal PushEngine Engine { get; }

    public void Register(FeatureBuilder on)
    {
        on.Advertise(Ns.Push, Entity.OwnAccount);
        on.IqSet(Ns.Push, "enable", EnableAsync);
        on.IqSet(Ns.Push, "disable", DisableAsync);
        on.IqAnswers(XmppPushService.IdPrefix, _apps.Answered);
        on.Message(MessageStage.IncomingCheck, TakeNotice);
        on.Message(MessageStage.Delivered, entry =>
        {
            Engine.Stored(entry);
            return null;
        });
        on.AccountLoading(Engine.LoadAsync);
        on.AccountRemoved(Engine.RemovedAsync);
        on.SessionBound(session => PushEngine.Of(session.Account)?.Watch(session));
        on.Stopping(StopAsync);
        _browsers.Register(on);
        Engine.Begin();
    }

    /// <summary>Tells all devices of an account that this is a test.</summary>
    /// <param name="username">The prepared username.</param>
    /// <returns>What each service has answered, with the device; null: there is no such account.</returns>
    public async Task<IReadOnlyList<(string Device, string Service, PushOutcome Outcome)>?> TestAsync(string username)
    {
        if (await _server.Accounts.LocateAsync(username) is not { } account)
        {
            return null;
        }

        var targets = PushEngine.Of(account)?.Targets ?? [];
        var outcomes = await Task.WhenAll(targets.Select(target => target.TestAsync()));
        return [.. targets.Zip(outcomes, (target, outcome) => (target.Registration.Device, Engine.Describe(target.Registration), outcome))];
    }

    ValueTask StopAsync()
    {
        Engine.Stop();
        _browsers.Dispose();
        return ValueTask.CompletedTask;
    }

    /// <summary>§5</summary>
    async ValueTask<IqReply> EnableAsync(IqRequest request)
    {
        if (request.Payload["jid"] is not { } text)
        {
            return StanzaError.BadRequest;
        }

        if (!Jid.TryParse(text, out var service))
        {
            return StanzaError.JidMalformed;
        }

        var node = request.Payload["node"] ?? "";
        if (Encoding.UTF8.GetByteCount(node) > MostNodeBytes)
        {
            return StanzaError.NotAcceptable with { Text = "The name of the node is too long." };
        }

        var (form, error) = service.Equals(_browsers.Jid) ? WebPushService.ReadForm(request.Payload, ref node) : ReadOptions(request.Payload);
        if (error is not null)
        {
            return error;
        }

        if (form?.Length > MostFormBytes)
        {
            return StanzaError.NotAcceptable with { Text = "The form is too large." };
        }

        var session = request.Session!;
        var registration = new PushRegistration(
            0, session.Account.Id, PushAccount.DeviceOf(session), service.ToString(), node, form, _server.Store.Log.Head, _server.Time.GetUtcNow());
        await Engine.ChangeAsync(session.Account, () => _server.Store.Push.EnableAsync(registration, _server.Options.Limits.PushRegistrations));
        return IqReply.Done;
    }

    /// <summary>§6</summary>
    async ValueTask<IqReply> DisableAsync(IqRequest request)
    {
        if (request.Payload["jid"] is not { } text)
        {
            return StanzaError.BadRequest;
        }

        if (!Jid.TryParse(text, out var service))
        {
            return StanzaError.JidMalformed;
        }

        var account = request.Session!.Account;
        await Engine.ChangeAsync(account, () => _server.Store.Push.DisableAsync(account.Id, service.ToString(), request.Payload["node"]));
        return IqReply.Done;
    }

    /// <summary>The options to publish with, as they came; other forms are for others.</summary>
    static (byte[]? Form, StanzaError? Error) ReadOptions(Element enable)
    {
        foreach (var child in enable.Children.Where(child => child.Is("x", Ns.DataForms)))
        {
            if (!DataForm.TryParse(child, out var form) || form.Type != "submit")
            {
                return (null, StanzaError.BadRequest);
            }

            if (form.FormType == Ns.PubSubPublishOptions)
            {
                return (child.ToUtf8(), null);
            }
        }

        return (null, null);
    }

    /// <summary>§8: a service says that it takes no more notifications for a node.</summary>
    StanzaError? TakeNotice(MessageEntry entry)
    {
        if (entry.ToAccount is not { } account || !entry.Message.HasNamespace(Ns.PubSub) || PushEngine.Of(account) is not { } push
            || entry.Message.Child("pubsub", Ns.PubSub) is not { } pubSub || pubSub.Child("affiliation") is not { } affiliation
            || affiliation["affiliation"] is not "none" || pubSub["node"] is not { } node)
        {
            return null;
        }

        var from = entry.FromJid.ToString();
        foreach (var target in push.Targets)
        {
            if (target.Registration.Jid == from && target.Registration.Node == node)
            {
                entry.IsDropped = true;
                _ = Engine.EndAsync(push, target, "The service does not take notifications any more.");
            }
        }

        return null;
    }
}
