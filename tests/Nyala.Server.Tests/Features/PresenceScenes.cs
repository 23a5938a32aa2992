using Xunit;

namespace Nyala.Server.Tests.Features;

/// <summary>RFC 6121 §4 on the wire.</summary>
public sealed class PresenceScenes(SharedServer shared) : Scene(shared)
{
    [Fact]
    public async Task Subscribers_see_a_session_come_change_and_go_in_its_own_words()
    {
        var romeo = await ArriveAsync(Romeo);
        var juliet = await ArriveAsync(Juliet, "balcony");
        await SubscribeAsync(romeo, juliet);
        await juliet.SendAsync("<presence><show>away</show><x xmlns='vcard-temp:x:update'><photo>abc</photo></x></presence>");
        await romeo.ExpectAsync($"<presence from='{Juliet}/balcony' to='{Romeo}'><show>away</show><x xmlns='vcard-temp:x:update'><photo>abc</photo></x></presence>");
        await juliet.SendAsync("<presence type='unavailable'><status>Good night</status></presence>");
        await romeo.ExpectAsync($"<presence type='unavailable' from='{Juliet}/balcony'><status>Good night</status></presence>");
        await juliet.SendAsync("</stream:stream>");
        await romeo.ExpectNothingAsync();
    }

    [Fact]
    public async Task A_cut_session_that_cannot_come_back_is_seen_to_go()
    {
        var romeo = await ArriveAsync(Romeo);
        var juliet = await ArriveAsync(Juliet, "balcony");
        await SubscribeAsync(romeo, juliet);
        juliet.Cut();
        await romeo.ExpectAsync($"<presence type='unavailable' from='{Juliet}/balcony'/>");
        await romeo.ExpectNothingAsync();
    }

    [Fact]
    public async Task Whoever_comes_sees_the_contacts_that_are_there_and_its_own_other_sessions()
    {
        var juliet = await ArriveAsync(Juliet, "balcony");
        var romeo = await ArriveAsync(Romeo);
        await SubscribeAsync(romeo, juliet);
        await juliet.SendAsync("<presence><show>chat</show></presence>");
        await SettleAsync(juliet);
        var tablet = await LoginAsync(Romeo, "tablet");
        await tablet.SendAsync("<presence/>");
        await tablet.AwaitAsync($"<presence from='{Juliet}/balcony' to='{Romeo}'><show>chat</show></presence>");
        await tablet.ExpectAsync($"<presence from='{Romeo}/phone'/>");
        await tablet.ExpectNothingAsync();
        await romeo.AwaitAsync($"<presence from='{Romeo}/tablet'/>");
        await juliet.ExpectNothingAsync();
    }

    [Fact]
    public async Task Strangers_see_nothing()
    {
        var romeo = await ArriveAsync(Romeo);
        var juliet = await ArriveAsync(Juliet);
        await juliet.SendAsync("<presence><show>away</show></presence><presence type='unavailable'/>");
        await SettleAsync(juliet);
        await romeo.SendAsync($"<presence type='probe' to='{Juliet}'/>");
        await romeo.ExpectNothingAsync();
    }

    [Fact]
    public async Task Directed_presence_reaches_one_address_which_also_learns_of_the_end()
    {
        var romeo = await ArriveAsync(Romeo);
        var other = await ArriveAsync(Romeo, "tablet");
        await SettleAsync(romeo);
        var juliet = await ArriveAsync(Juliet, "balcony");
        await juliet.SendAsync($"<presence to='{Romeo}/phone'><show>chat</show></presence>");
        await romeo.AwaitAsync($"<presence from='{Juliet}/balcony' to='{Romeo}/phone'><show>chat</show></presence>");
        await juliet.SendAsync("<presence><show>away</show></presence>");
        await SettleAsync(juliet);
        await romeo.ExpectNothingAsync();
        await juliet.SendAsync("<presence type='unavailable'><status>Gone</status></presence>");
        await romeo.ExpectAsync($"<presence type='unavailable' from='{Juliet}/balcony' to='{Romeo}/phone'><status>Gone</status></presence>");
        await SettleAsync(other);
        await other.ExpectNothingAsync();
    }

    [Fact]
    public async Task Directed_presence_opens_one_session_to_questions_and_no_other()
    {
        var romeo = await ArriveAsync(Romeo);
        var phone = await ArriveAsync(Juliet);
        var tablet = await ArriveAsync(Juliet, "tablet");
        await phone.SendAsync($"<presence to='{romeo.Address}'/>");
        await romeo.AwaitAsync($"<presence from='{phone.Address}'/>");
        await RefusedAsync(romeo, "get", "<ping xmlns='urn:xmpp:ping'/>", "service-unavailable", tablet.Address);
        await romeo.SendAsync($"<iq type='get' id='p' to='{phone.Address}'><ping xmlns='urn:xmpp:ping'/></iq>");
        await phone.AwaitAsync($"<iq type='get' id='p' from='{romeo.Address}'/>");
        await tablet.ExpectNothingAsync();
    }

    [Fact]
    public async Task Directed_presence_without_any_other_ends_with_the_session()
    {
        var romeo = await ArriveAsync(Romeo);
        var juliet = await LoginAsync(Juliet, "balcony");
        await juliet.SendAsync($"<presence to='{Romeo}'/>");
        await romeo.ExpectAsync($"<presence from='{Juliet}/balcony' to='{Romeo}'/>");
        juliet.Cut();
        await romeo.ExpectAsync($"<presence type='unavailable' from='{Juliet}/balcony' to='{Romeo}'/>");
    }

    [Fact]
    public async Task Taken_back_directed_presence_is_not_taken_back_twice()
    {
        var romeo = await ArriveAsync(Romeo);
        var juliet = await ArriveAsync(Juliet);
        await juliet.SendAsync($"<presence to='{Romeo}'/><presence type='unavailable' to='{Romeo}'/><presence type='unavailable'/>");
        await romeo.ExpectAsync($"<presence from='{Juliet}/phone' type='-'/>");
        await romeo.ExpectAsync($"<presence from='{Juliet}/phone' type='unavailable'/>");
        await SettleAsync(juliet);
        await romeo.ExpectNothingAsync();
    }

    [Theory]
    [InlineData("<presence><priority>128</priority></presence>", "bad-request")]
    [InlineData("<presence type='invisible'/>", "bad-request")]
    [InlineData("<presence type='subscribe'/>", "bad-request")]
    [InlineData("<presence to='juliet@example.org'/>", "remote-server-not-found")]
    [InlineData("<presence type='subscribe' to='juliet@example.org'/>", "remote-server-not-found")]
    [InlineData("<presence to='@'/>", "jid-malformed")]
    public async Task What_cannot_be_is_answered(string presence, string condition)
    {
        var romeo = await ArriveAsync(Romeo);
        await romeo.SendAsync(presence);
        await romeo.ExpectAsync($"<presence type='error'><error><{condition} xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></presence>");
        await romeo.ExpectNothingAsync();
    }

    [Fact]
    public async Task An_iq_reaches_a_resource_only_from_those_it_shows_itself_to()
    {
        var romeo = await ArriveAsync(Romeo);
        var juliet = await ArriveAsync(Juliet);
        const string Ping = "<ping xmlns='urn:xmpp:ping'/>";
        var there = await AnswerAsync(romeo, juliet.Address, Ping);
        Assert.Contains("service-unavailable", there, StringComparison.Ordinal);
        Assert.Equal(there, await AnswerAsync(romeo, Juliet + "/nowhere", Ping));
        Assert.Equal(there, await AnswerAsync(romeo, "nobody@localhost/phone", Ping));
        await juliet.ExpectNothingAsync();
        await juliet.SendAsync($"<presence to='{romeo.Address}'/>");
        await romeo.AwaitAsync($"<presence from='{juliet.Address}'/>");
        await romeo.SendAsync($"<iq type='get' id='p' to='{juliet.Address}'>{Ping}</iq>");
        await juliet.ExpectAsync($"<iq type='get' id='p' from='{romeo.Address}'>{Ping}</iq>");
        await juliet.SendAsync($"<iq type='result' id='p' to='{romeo.Address}'/>");
        await romeo.ExpectAsync($"<iq type='result' id='p' from='{juliet.Address}'/>");
        await juliet.SendAsync("<presence type='unavailable'/>");
        await romeo.ExpectAsync($"<presence type='unavailable' from='{juliet.Address}' to='{romeo.Address}'/>");
        Assert.Equal(there, await AnswerAsync(romeo, juliet.Address, Ping));
        await juliet.SendAsync("<presence/>");
        await SubscribeAsync(romeo, juliet);
        await romeo.SendAsync($"<iq type='get' id='s' to='{juliet.Address}'>{Ping}</iq>");
        await juliet.ExpectAsync($"<iq type='get' id='s' from='{romeo.Address}'>{Ping}</iq>");
    }

    [Fact]
    public async Task Presence_with_a_negative_priority_is_shown_all_the_same_and_to_subscribers_alone()
    {
        var romeo = await ArriveAsync(Romeo);
        var juliet = await ArriveAsync(Juliet, "balcony");
        await SubscribeAsync(romeo, juliet);
        await SubscribeAsync(juliet, romeo);
        var phone = await LoginAsync(Juliet);
        await phone.SendAsync("<presence><priority>-1</priority><x xmlns='example:kept'/></presence>");
        await romeo.ExpectAsync($"<presence from='{Juliet}/phone' to='{Romeo}'><priority>-1</priority><x xmlns='example:kept'/></presence>");
        await phone.AwaitAsync($"<presence from='{romeo.Address}'/>");
        await juliet.ExpectAsync($"<presence from='{Juliet}/phone'/>");
        await phone.SendAsync("<presence type='unavailable'><status>Good night</status></presence>");
        await romeo.ExpectAsync($"<presence type='unavailable' from='{Juliet}/phone'><status>Good night</status></presence>");
        juliet.Cut();
        await romeo.ExpectAsync($"<presence type='unavailable' from='{Juliet}/balcony'/>");
        await romeo.ExpectNothingAsync();
    }

    [Fact]
    public async Task Only_the_first_presence_brings_that_of_others_and_a_probe_asks_again()
    {
        var romeo = await ArriveAsync(Romeo, "garden");
        var juliet = await ArriveAsync(Juliet, "balcony");
        await SubscribeAsync(romeo, juliet);
        var phone = await LoginAsync(Romeo);
        await phone.ExpectNothingAsync();
        await phone.SendAsync("<presence/>");
        await phone.AwaitAsync($"<presence from='{Juliet}/balcony'/>");
        await phone.AwaitAsync($"<presence from='{Romeo}/garden'/>");
        await SettleAsync(phone);
        await phone.SendAsync("<presence><show>dnd</show></presence>");
        await phone.ExpectAsync($"<presence from='{Romeo}/phone'><show>dnd</show></presence>");
        await phone.ExpectNothingAsync();
        await phone.SendAsync($"<presence type='probe' to='{Juliet}'/>");
        await phone.ExpectAsync($"<presence from='{Juliet}/balcony'/>");
        await juliet.SendAsync("<presence type='unavailable'/>");
        await phone.ExpectAsync($"<presence type='unavailable' from='{Juliet}/balcony'/>");
        await phone.SendAsync($"<presence type='probe' to='{Juliet}'/>");
        await phone.ExpectAsync($"<presence type='unavailable' from='{Juliet}' to='{Romeo}'/>");
    }

    [Fact]
    public async Task A_subscriber_who_got_directed_presence_sees_the_end_once()
    {
        var romeo = await ArriveAsync(Romeo);
        var juliet = await ArriveAsync(Juliet);
        await SubscribeAsync(juliet, romeo);
        await romeo.SendAsync($"<presence to='{Juliet}'/><presence type='unavailable'/>");
        await juliet.ExpectAsync($"<presence from='{romeo.Address}' type='-'/>");
        await juliet.ExpectAsync($"<presence from='{romeo.Address}' type='unavailable'/>");
        await SettleAsync(romeo);
        await juliet.ExpectNothingAsync();
    }
}
