using Xunit;

namespace Nyala.Server.Tests.Contacts;

/// <summary>RFC 6121 §4 on the wire.</summary>
public sealed class PresenceScenes(Stage stage) : Scene(stage)
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
    }

    [Fact]
    public async Task An_iq_reaches_a_resource_only_from_those_it_shows_itself_to()
    {
        var romeo = await ArriveAsync(Romeo);
        var juliet = await ArriveAsync(Juliet);
        const string Ping = "<ping xmlns='urn:xmpp:ping'/>";
        await RefusedAsync(romeo, "get", Ping, "service-unavailable", juliet.Address);
        await RefusedAsync(romeo, "get", Ping, "service-unavailable", Juliet + "/nowhere");
        await juliet.SendAsync($"<presence to='{romeo.Address}'/>");
        await romeo.AwaitAsync($"<presence from='{juliet.Address}'/>");
        await romeo.SendAsync($"<iq type='get' id='p' to='{juliet.Address}'>{Ping}</iq>");
        await juliet.AwaitAsync($"<iq type='get' id='p' from='{romeo.Address}'/>");
    }
}
