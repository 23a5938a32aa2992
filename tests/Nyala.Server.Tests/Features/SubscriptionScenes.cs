using Xunit;

namespace Nyala.Server.Tests.Features;

/// <summary>RFC 6121 §3 on the wire.</summary>
public sealed class SubscriptionScenes(SharedServer shared) : Scene(shared)
{
    [Fact]
    public async Task Who_asks_and_is_approved_sees_the_contact()
    {
        var romeo = await ArriveAsync(Romeo);
        var juliet = await ArriveAsync(Juliet, "balcony");
        await romeo.SendAsync($"<presence type='subscribe' to='{Juliet}/balcony' id='s1'><status>It is me</status></presence>");
        await romeo.ExpectAsync($"<iq type='set'><query xmlns='jabber:iq:roster' ver='*'><item jid='{Juliet}' subscription='none' ask='subscribe'/></query></iq>");
        await juliet.ExpectAsync($"<presence type='subscribe' from='{Romeo}' to='{Juliet}' id='s1'><status>It is me</status></presence>");
        await juliet.SendAsync($"<presence type='subscribed' to='{Romeo}'/>");
        await juliet.ExpectAsync($"<iq type='set'><query xmlns='jabber:iq:roster'><item jid='{Romeo}' subscription='from' ask='-'/></query></iq>");
        await romeo.ExpectAsync($"<presence type='subscribed' from='{Juliet}' to='{Romeo}'/>");
        await romeo.ExpectAsync($"<iq type='set'><query xmlns='jabber:iq:roster'><item jid='{Juliet}' subscription='to' ask='-'/></query></iq>");
        await romeo.ExpectAsync($"<presence from='{Juliet}/balcony' to='{Romeo}' type='-'/>");
        await romeo.SendAsync("<presence><show>away</show></presence>");
        await romeo.ExpectAsync($"<presence from='{romeo.Address}'/>");
        await juliet.ExpectNothingAsync();
    }

    [Fact]
    public async Task A_request_waits_for_whoever_is_absent_and_comes_again_until_it_is_answered()
    {
        var romeo = await ArriveAsync(Romeo);
        await romeo.SendAsync($"<presence type='subscribe' to='{Juliet}'><nick xmlns='http://jabber.org/protocol/nick'>Romeo</nick></presence>");
        await SettleAsync(romeo);
        foreach (var resource in (string[])["first", "second"])
        {
            var juliet = await LoginAsync(Juliet, resource);
            await RosterAsync(juliet, "<query xmlns='jabber:iq:roster'><item xmlns='!jabber:iq:roster'/></query>");
            await juliet.SendAsync("<presence/>");
            await juliet.AwaitAsync($"<presence type='subscribe' from='{Romeo}'><nick xmlns='http://jabber.org/protocol/nick'>Romeo</nick></presence>");
            await juliet.SendAsync("<presence><show>away</show></presence>");
            await juliet.AwaitAsync($"<presence from='{juliet.Address}'><show>away</show></presence>");
            await juliet.ExpectNothingAsync();
        }

        var last = await ArriveAsync(Juliet, "third");
        await last.SendAsync($"<presence type='unsubscribed' to='{Romeo}'/>");
        await romeo.AwaitAsync($"<presence type='unsubscribed' from='{Juliet}'/>");
        await romeo.ExpectAsync($"<iq type='set'><query xmlns='jabber:iq:roster'><item jid='{Juliet}' subscription='none' ask='-'/></query></iq>");
        await romeo.ExpectNothingAsync();
        var later = await LoginAsync(Juliet, "fourth");
        await later.SendAsync("<presence/>");
        await SettleAsync(later);
        await later.ExpectNothingAsync();
    }

    [Fact]
    public async Task Refusing_a_request_shows_nothing_of_who_refuses()
    {
        var romeo = await ArriveAsync(Romeo);
        var juliet = await ArriveAsync(Juliet);
        await romeo.SendAsync($"<presence type='subscribe' to='{Juliet}'/>");
        await juliet.AwaitAsync("<presence type='subscribe'/>");
        await juliet.SendAsync($"<presence type='unsubscribed' to='{Romeo}'/>");
        await romeo.AwaitAsync($"<presence type='unsubscribed' from='{Juliet}'/>");
        await SettleAsync(juliet);
        await romeo.ExpectAsync("<iq type='set'/>");
        await romeo.ExpectNothingAsync();
    }

    [Fact]
    public async Task Unsubscribing_from_a_stranger_shows_nothing()
    {
        var romeo = await ArriveAsync(Romeo);
        var juliet = await ArriveAsync(Juliet);
        await romeo.SendAsync($"<presence type='unsubscribe' to='{Juliet}'/><presence type='unsubscribed' to='{Juliet}'/>");
        await SettleAsync(romeo);
        await romeo.ExpectNothingAsync();
        await juliet.ExpectNothingAsync();
    }

    [Fact]
    public async Task Who_unsubscribes_sees_the_contact_go()
    {
        var romeo = await ArriveAsync(Romeo);
        var juliet = await ArriveAsync(Juliet, "balcony");
        await SubscribeAsync(romeo, juliet);
        await romeo.SendAsync($"<presence type='unsubscribe' to='{Juliet}'/>");
        await juliet.AwaitAsync($"<presence type='unsubscribe' from='{Romeo}'/>");
        await juliet.ExpectAsync($"<iq type='set'><query xmlns='jabber:iq:roster'><item jid='{Romeo}' subscription='none'/></query></iq>");
        await romeo.AwaitAsync($"<iq type='set'><query xmlns='jabber:iq:roster'><item jid='{Juliet}' subscription='none'/></query></iq>");
        await romeo.ExpectAsync($"<presence type='unavailable' from='{Juliet}/balcony'/>");
    }

    [Fact]
    public async Task A_cancelled_subscriber_sees_the_contact_go_and_nothing_after_it()
    {
        var romeo = await ArriveAsync(Romeo);
        var juliet = await ArriveAsync(Juliet, "balcony");
        await SubscribeAsync(romeo, juliet);
        await juliet.SendAsync($"<presence type='unsubscribed' to='{Romeo}'/>");
        await romeo.ExpectAsync($"<presence type='unavailable' from='{Juliet}/balcony'/>");
        await romeo.ExpectAsync($"<presence type='unsubscribed' from='{Juliet}'/>");
        await romeo.ExpectAsync($"<iq type='set'><query xmlns='jabber:iq:roster'><item jid='{Juliet}' subscription='none'/></query></iq>");
        await juliet.SendAsync("<presence><show>dnd</show></presence>");
        await SettleAsync(juliet);
        await romeo.ExpectNothingAsync();
    }

    [Fact]
    public async Task Who_is_approved_already_is_told_so_without_asking_again()
    {
        var romeo = await ArriveAsync(Romeo);
        var juliet = await ArriveAsync(Juliet);
        await juliet.SendAsync($"<presence type='subscribed' to='{Romeo}'/>");
        await juliet.ExpectAsync($"<iq type='set'><query xmlns='jabber:iq:roster'><item jid='{Romeo}' subscription='none' approved='true'/></query></iq>");
        await romeo.ExpectNothingAsync();
        await romeo.SendAsync($"<presence type='subscribe' to='{Juliet}'/>");
        await romeo.ExpectAsync("<iq type='set'><query xmlns='jabber:iq:roster'><item ask='subscribe'/></query></iq>");
        await romeo.ExpectAsync($"<presence type='subscribed' from='{Juliet}'/>");
        await romeo.ExpectAsync($"<iq type='set'><query xmlns='jabber:iq:roster'><item jid='{Juliet}' subscription='to'/></query></iq>");
        await romeo.ExpectAsync($"<presence from='{Juliet}/phone' type='-'/>");
        await juliet.ExpectAsync($"<iq type='set'><query xmlns='jabber:iq:roster'><item jid='{Romeo}' subscription='from'/></query></iq>");
        await juliet.ExpectNothingAsync();
    }

    [Fact]
    public async Task An_approval_in_advance_can_be_taken_back()
    {
        var romeo = await ArriveAsync(Romeo);
        var juliet = await ArriveAsync(Juliet);
        await juliet.SendAsync($"<presence type='subscribed' to='{Romeo}'/><presence type='unsubscribed' to='{Romeo}'/>");
        await juliet.ExpectAsync("<iq type='set'><query xmlns='jabber:iq:roster'><item approved='true'/></query></iq>");
        await juliet.ExpectAsync("<iq type='set'><query xmlns='jabber:iq:roster'><item approved='-'/></query></iq>");
        await romeo.SendAsync($"<presence type='subscribe' to='{Juliet}'/>");
        await juliet.ExpectAsync("<presence type='subscribe'/>");
    }

    [Fact]
    public async Task Nobody_and_somebody_silent_look_the_same()
    {
        var romeo = await ArriveAsync(Romeo);
        foreach (var address in (string[])["nobody@localhost", Juliet])
        {
            await romeo.SendAsync($"<presence type='subscribe' to='{address}'/>");
            await romeo.ExpectAsync($"<iq type='set'><query xmlns='jabber:iq:roster'><item jid='{address}' subscription='none' ask='subscribe'/></query></iq>");
            await romeo.SendAsync($"<presence type='probe' to='{address}'/>");
            await romeo.ExpectNothingAsync();
        }
    }

    [Fact]
    public async Task A_subscription_to_oneself_is_ignored()
    {
        var romeo = await ArriveAsync(Romeo);
        await romeo.SendAsync($"<presence type='subscribe' to='{Romeo}'/><presence type='unsubscribed' to='{Romeo}'/>");
        await romeo.ExpectNothingAsync();
        await RosterAsync(romeo, "<query xmlns='jabber:iq:roster'><item xmlns='!jabber:iq:roster'/></query>");
    }

    [Fact]
    public async Task Removing_a_contact_ends_both_subscriptions()
    {
        var romeo = await ArriveAsync(Romeo);
        var juliet = await ArriveAsync(Juliet);
        await SubscribeAsync(romeo, juliet);
        await SubscribeAsync(juliet, romeo);
        await romeo.SendAsync($"<iq type='set' id='r'><query xmlns='jabber:iq:roster'><item jid='{Juliet}' subscription='remove'/></query></iq>");
        await romeo.AwaitAsync($"<iq type='set'><query xmlns='jabber:iq:roster'><item jid='{Juliet}' subscription='remove'/></query></iq>");
        await romeo.AwaitAsync($"<presence type='unavailable' from='{juliet.Address}'/>");
        await romeo.AwaitAsync("<iq type='result' id='r'/>");
        await juliet.ExpectAsync($"<presence type='unsubscribe' from='{Romeo}'/>");
        await juliet.ExpectAsync($"<iq type='set'><query xmlns='jabber:iq:roster'><item jid='{Romeo}' subscription='to'/></query></iq>");
        await juliet.ExpectAsync($"<presence type='unavailable' from='{romeo.Address}'/>");
        await juliet.ExpectAsync($"<presence type='unsubscribed' from='{Romeo}'/>");
        await juliet.ExpectAsync($"<iq type='set'><query xmlns='jabber:iq:roster'><item jid='{Romeo}' subscription='none'/></query></iq>");
        await juliet.ExpectNothingAsync();
        await RosterAsync(juliet, $"<query xmlns='jabber:iq:roster'><item jid='{Romeo}' subscription='none'/></query>");
    }

    [Fact]
    public async Task A_removed_account_leaves_no_subscriptions_behind()
    {
        var romeo = await ArriveAsync(Romeo);
        var juliet = await ArriveAsync(Juliet);
        await SubscribeAsync(romeo, juliet);
        await Server.RemoveUserAsync(Juliet.Split('@')[0]);
        await romeo.AwaitAsync($"<presence type='unavailable' from='{Juliet}/phone'/>");
        await romeo.ExpectAsync($"<presence type='unsubscribed' from='{Juliet}'/>");
        await RosterAsync(romeo, $"<query xmlns='jabber:iq:roster'><item jid='{Juliet}' subscription='none'/></query>");
    }

    [Fact]
    public async Task A_request_that_is_answered_before_presence_does_not_come_with_it()
    {
        var romeo = await ArriveAsync(Romeo);
        await romeo.SendAsync($"<presence type='subscribe' to='{Juliet}'/>");
        await SettleAsync(romeo);
        var juliet = await LoginAsync(Juliet, "window");
        await juliet.ExpectNothingAsync();
        await juliet.SendAsync($"<presence type='unsubscribed' to='{Romeo}'/><presence/>");
        await juliet.ExpectAsync($"<presence from='{juliet.Address}'/>");
        await juliet.ExpectNothingAsync();
    }
}
