using Nyala.Core.Routing;
using Nyala.Features.Sharing;
using Nyala.Xmpp;
using Nyala.Xmpp.Payloads;
using Nyala.Xmpp.Stanzas;

namespace Nyala.Features.PubSub;

/// <summary>Personal Eventing: every account is a PubSub service of its own, whose events go to contacts without their subscribing.</summary>
[Xep(60, "1.30.0", Note = "without collections, several subscriptions of one address, options of subscriptions but pubsub#deliver, and get-pending for the nodes of accounts")]
[Xep(163, "1.2.2")]
[Xep(222, "1.0")]
[Xep(223, "1.1.1")]
[Xep(84, "1.1.4")]
public sealed class PersonalEventing(PubSubEngine engine, NodeDirectory nodes, PresenceAccess access) : IFeature
{
    /// <summary>What an account's nodes can beyond the engine (XEP-0060 §9).</summary>
    static readonly string[] Abilities = ["auto-subscribe", "filtered-notifications", "last-published", "presence-subscribe", "pubsub-on-a-jid"];

    public void Register(FeatureBuilder on)
    {
        const Entity Anybodys = Entity.OwnAccount | Entity.OtherAccount;

        // XEP-0223 §5 has clients ask the server, XEP-0163 §6 the account.
        on.Identify(new DiscoIdentity("pubsub", "pep"), Entity.Domain | Entity.OwnAccount);
        on.Advertise(Ns.PubSub, Entity.OwnAccount);
        foreach (var ability in PubSubEngine.Abilities.Concat(Abilities))
        {
            on.Advertise($"{Ns.PubSub}#{ability}", Entity.OwnAccount);
        }

        on.Advertise(Ns.PubSubPublishOptions, Entity.Domain);
        on.IqGet(Ns.PubSub, "pubsub", HandleAsync, Anybodys);
        on.IqSet(Ns.PubSub, "pubsub", HandleAsync, Anybodys);
        on.IqGet(Ns.PubSubOwner, "pubsub", HandleOwnerAsync, Anybodys);
        on.IqSet(Ns.PubSubOwner, "pubsub", HandleOwnerAsync, Anybodys);
        on.Message(MessageStage.IncomingCheck, AnswerApproval);
        on.AccountRemoving(account => nodes.LeaveAsync(account.Jid));
        on.AccountRemoved(RemovedAsync);
    }

    async ValueTask<IqReply> HandleAsync(IqRequest request) =>
        await HideAsync(request, Reply(await engine.HandleAsync(PubSubHost.Of(request.Account!), request.From, request.IsSet, request.Payload)));

    async ValueTask<IqReply> HandleOwnerAsync(IqRequest request) =>
        await HideAsync(request, Reply(await engine.HandleOwnerAsync(PubSubHost.Of(request.Account!), request.From, request.IsSet, request.Payload)));

    /// <summary>To strangers, an account without that node looks like no account.</summary>
    async ValueTask<IqReply> HideAsync(IqRequest request, IqReply reply) =>
        reply.Error == StanzaError.ItemNotFound && !await access.MaySeeAsync(request.Account!, request.From) ? StanzaError.ServiceUnavailable : reply;

    internal static IqReply Reply((Xmpp.Xml.Element? Answer, StanzaError? Error) result) =>
        result.Error is { } error ? error : result.Answer is { } answer ? answer : IqReply.Done;

    /// <summary>XEP-0060 §8.6: what an owner sends to its own address to approve somebody is for its nodes, not for its devices.</summary>
    StanzaError? AnswerApproval(MessageEntry message)
    {
        if (message.ToAccount is { } account && message.ToJid.IsBare && message.FromJid.Bare.Equals(account.Jid) && message.Message.HasNamespace(Ns.DataForms)
            && engine.Subscribing.TryAnswer(PubSubHost.Of(account), message.FromJid, message.Message))
        {
            message.IsDropped = true;
        }

        return null;
    }

    /// <summary>Its own nodes went with it; what it had at others' goes too, also what it did while it was removed.</summary>
    async ValueTask RemovedAsync(LocalAccount account)
    {
        nodes.Forget(account.Id);
        await nodes.LeaveAsync(account.Jid);
    }
}
