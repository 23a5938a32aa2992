using Xunit;

namespace Nyala.Server.Tests.Features;

/// <summary>RFC 6121 §3.</summary>
public sealed class SubscriptionScenes
{
    [Fact]
    public async Task A_request_is_approved_and_presence_flows_until_it_is_cancelled()
    {
        await using var server = await Scenery.WithAsync("romeo", "juliet");
        await using var romeo = await server.EnterAsync("romeo", "garden");
        await using var juliet = await server.EnterAsync("juliet", "balcony");
        await romeo.SendAsync("<presence type='subscribe' to='juliet@localhost/balcony' id='ask'><status>It is I</status></presence>");
        await romeo.ExpectAsync("<iq type='set'><query xmlns='jabber:iq:roster'><item jid='juliet@localhost' subscription='none' ask='subscribe'/></query></iq>");
        await juliet.ExpectAsync("<presence type='subscribe' from='romeo@localhost' to='juliet@localhost'><status>It is I</status></presence>");
        await juliet.ExpectNothingAsync();
        await juliet.SendAsync("<presence type='subscribed' to='romeo@localhost'/>");
        await juliet.ExpectAsync("<iq type='set'><query xmlns='jabber:iq:roster'><item jid='romeo@localhost' subscription='from'/></query></iq>");
        await romeo.ExpectAsync("<presence type='subscribed' from='juliet@localhost' to='romeo@localhost'/>");
        await romeo.ExpectAsync("<iq type='set'><query xmlns='jabber:iq:roster'><item jid='juliet@localhost' subscription='to' ask='-'/></query></iq>");
        await romeo.ExpectAsync("<presence from='juliet@localhost/balcony' to='romeo@localhost' type='-'/>");
        await romeo.SendAsync("<presence><show>away</show></presence>");
        await romeo.ExpectAsync("<presence from='romeo@localhost/garden'/>");
        await juliet.ExpectNothingAsync();
        await juliet.SendAsync("<presence type='unsubscribed' to='romeo@localhost'/>");
        await romeo.ExpectAsync("<presence type='unavailable' from='juliet@localhost/balcony'/>");
        await romeo.ExpectAsync("<presence type='unsubscribed' from='juliet@localhost'/>");
        await romeo.ExpectAsync("<iq type='set'><query xmlns='jabber:iq:roster'><item jid='juliet@localhost' subscription='none'/></query></iq>");
        await romeo.ExpectNothingAsync();
    }

    [Fact]
    public async Task Removing_a_contact_ends_both_subscriptions()
    {
        await using var server = await Scenery.WithAsync("romeo", "juliet");
        await using var romeo = await server.EnterAsync("romeo", "garden");
        await using var juliet = await server.EnterAsync("juliet", "balcony");
        await Scenery.BefriendAsync(romeo, juliet);
        await romeo.SendAsync("<iq type='set' id='r'><query xmlns='jabber:iq:roster'><item jid='juliet@localhost' subscription='remove'/></query></iq>");
        await romeo.AwaitAsync("<presence type='unavailable' from='juliet@localhost/balcony'/>");
        await juliet.ExpectAsync("<presence type='unsubscribe' from='romeo@localhost'/>");
        await juliet.ExpectAsync("<iq type='set'><query xmlns='jabber:iq:roster'><item jid='romeo@localhost' subscription='to'/></query></iq>");
        await juliet.ExpectAsync("<presence type='unavailable' from='romeo@localhost/garden'/>");
        await juliet.ExpectAsync("<presence type='unsubscribed' from='romeo@localhost'/>");
        await juliet.ExpectAsync("<iq type='set'><query xmlns='jabber:iq:roster'><item jid='romeo@localhost' subscription='none'/></query></iq>");
        await juliet.ExpectNothingAsync();
    }

    [Fact]
    public async Task Neither_declining_nor_cancelling_what_never_was_shows_that_somebody_is_there()
    {
        await using var server = await Scenery.WithAsync("romeo", "juliet");
        await using var romeo = await server.EnterAsync("romeo", "garden");
        await using var juliet = await server.EnterAsync("juliet", "balcony");
        await romeo.SendAsync("<presence type='unsubscribe' to='juliet@localhost'/><presence type='unsubscribed' to='juliet@localhost'/><presence type='probe' to='juliet@localhost'/>");
        await romeo.ExpectNothingAsync();
        await juliet.ExpectNothingAsync();
        await romeo.SendAsync("<presence type='subscribe' to='juliet@localhost'/>");
        await juliet.ExpectAsync("<presence type='subscribe'/>");
        await juliet.SendAsync("<presence type='unsubscribed' to='romeo@localhost'/>");
        await juliet.ExpectNothingAsync();
        await romeo.ExpectAsync("<iq type='set'/>");
        await romeo.ExpectAsync("<presence type='unsubscribed' from='juliet@localhost'/>");
        await romeo.ExpectAsync("<iq type='set'><query xmlns='jabber:iq:roster'><item ask='-'/></query></iq>");
        await romeo.ExpectNothingAsync();
    }

    [Fact]
    public async Task An_approval_in_advance_is_used_when_the_request_comes()
    {
        await using var server = await Scenery.WithAsync("romeo", "juliet");
        await using var romeo = await server.EnterAsync("romeo", "garden");
        await using var juliet = await server.EnterAsync("juliet", "balcony");
        await juliet.SendAsync("<presence type='subscribed' to='romeo@localhost'/>");
        await juliet.ExpectAsync("<iq type='set'><query xmlns='jabber:iq:roster'><item jid='romeo@localhost' subscription='none' approved='true'/></query></iq>");
        await romeo.ExpectNothingAsync();
        await romeo.SendAsync("<presence type='subscribe' to='juliet@localhost'/>");
        await romeo.ExpectAsync("<iq type='set'/>");
        await romeo.ExpectAsync("<presence type='subscribed' from='juliet@localhost'/>");
        await romeo.ExpectAsync("<iq type='set'><query xmlns='jabber:iq:roster'><item jid='juliet@localhost' subscription='to'/></query></iq>");
        await romeo.ExpectAsync("<presence from='juliet@localhost/balcony'/>");
        await romeo.ExpectNothingAsync();
        await juliet.ExpectAsync("<iq type='set'><query xmlns='jabber:iq:roster'><item jid='romeo@localhost' subscription='from'/></query></iq>");
        await juliet.ExpectNothingAsync();
    }

    [Fact]
    public async Task A_request_waits_for_the_absent_and_comes_with_each_initial_presence_until_it_is_answered()
    {
        await using var server = await Scenery.WithAsync("romeo", "juliet");
        await using var romeo = await server.EnterAsync("romeo", "garden");
        await romeo.SendAsync("<presence type='subscribe' to='juliet@localhost'><status>It is I</status></presence>");
        await romeo.SettleAsync();
        for (var i = 0; i < 2; i++)
        {
            await using var juliet = await server.LoginAsync("juliet", "balcony");
            await juliet.ExpectNothingAsync();
            await juliet.SendAsync("<presence/>");
            await juliet.AwaitAsync("<presence type='subscribe' from='romeo@localhost'><status>It is I</status></presence>");
        }

        await using var last = await server.LoginAsync("juliet", "window");
        await last.SendAsync("<presence type='unsubscribed' to='romeo@localhost'/><presence/>");
        await last.ExpectAsync("<presence from='juliet@localhost/window'/>");
        await last.ExpectNothingAsync();
    }

    [Fact]
    public async Task Nobody_learns_from_a_request_whether_the_account_exists()
    {
        await using var server = await Scenery.WithAsync("romeo", "juliet");
        await using var romeo = await server.EnterAsync("romeo", "garden");
        foreach (var name in (string[])["juliet", "nobody"])
        {
            await romeo.SendAsync($"<presence type='subscribe' to='{name}@localhost'/>");
            await romeo.ExpectAsync($"<iq type='set'><query xmlns='jabber:iq:roster'><item jid='{name}@localhost' ask='subscribe'/></query></iq>");
            await romeo.ExpectNothingAsync();
        }

        await romeo.SendAsync("<presence type='subscribe' to='a@elsewhere.example' id='far'/>");
        await romeo.ExpectAsync("<presence type='error' id='far'><error><remote-server-not-found xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></presence>");
        await romeo.SendAsync("<presence type='subscribe' id='none'/>");
        await romeo.ExpectAsync("<presence type='error' id='none'><error><bad-request xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></presence>");
    }
}
