using Xunit;

namespace Nyala.Server.Tests.Features;

/// <summary>RFC 6121 §4 and §8.5.3.</summary>
public sealed class PresenceScenes
{
    [Fact]
    public async Task Subscribers_see_somebody_come_change_and_be_cut_off()
    {
        await using var server = await Scenery.WithAsync("romeo", "juliet", "paris");
        await using var romeo = await server.EnterAsync("romeo", "garden");
        await using var paris = await server.EnterAsync("paris", "hall");
        var juliet = await server.EnterAsync("juliet", "balcony");
        await Scenery.BefriendAsync(romeo, juliet);
        await using var phone = await server.LoginAsync("juliet", "phone");
        await phone.SendAsync("<presence><priority>-1</priority><x xmlns='example:kept'/></presence>");
        await romeo.ExpectAsync("<presence from='juliet@localhost/phone' to='romeo@localhost'><priority>-1</priority><x xmlns='example:kept'/></presence>");
        await phone.AwaitAsync("<presence from='romeo@localhost/garden'/>");
        await juliet.ExpectAsync("<presence from='juliet@localhost/phone'/>");
        await phone.SendAsync("<presence type='unavailable'><status>Good night</status></presence>");
        await romeo.ExpectAsync("<presence type='unavailable' from='juliet@localhost/phone'><status>Good night</status></presence>");
        juliet.Cut();
        await juliet.DisposeAsync();
        await romeo.ExpectAsync("<presence type='unavailable' from='juliet@localhost/balcony'/>");
        await romeo.ExpectNothingAsync();
        await paris.ExpectNothingAsync();
    }

    [Fact]
    public async Task Initial_presence_brings_the_presence_of_contacts_and_own_devices()
    {
        await using var server = await Scenery.WithAsync("romeo", "juliet");
        await using var romeo = await server.EnterAsync("romeo", "garden");
        await using var juliet = await server.EnterAsync("juliet", "balcony");
        await Scenery.BefriendAsync(romeo, juliet);
        await using var phone = await server.LoginAsync("romeo", "phone");
        await phone.ExpectNothingAsync();
        await phone.SendAsync("<presence/>");
        await phone.AwaitAsync("<presence from='juliet@localhost/balcony'/>");
        await phone.AwaitAsync("<presence from='romeo@localhost/garden'/>");
        await phone.SettleAsync();
        await phone.SendAsync("<presence><show>dnd</show></presence>");
        await phone.ExpectAsync("<presence from='romeo@localhost/phone'><show>dnd</show></presence>");
        await phone.ExpectNothingAsync();
        await phone.SendAsync("<presence type='probe' to='juliet@localhost'/>");
        await phone.ExpectAsync("<presence from='juliet@localhost/balcony'/>");
    }

    [Fact]
    public async Task Directed_presence_reaches_a_stranger_and_its_end_does_too()
    {
        await using var server = await Scenery.WithAsync("romeo", "juliet");
        await using var romeo = await server.EnterAsync("romeo", "garden");
        await using var juliet = await server.EnterAsync("juliet", "balcony");
        const string ping = "<iq type='get' id='p' to='romeo@localhost/garden'><ping xmlns='urn:xmpp:ping'/></iq>";
        await juliet.AskAsync(ping, $"<iq type='error' id='p' from='romeo@localhost/garden'>{Scenery.Refused}</iq>");
        await romeo.SendAsync("<presence to='juliet@localhost/balcony'/>");
        await juliet.ExpectAsync("<presence from='romeo@localhost/garden' to='juliet@localhost/balcony'/>");
        await juliet.SendAsync(ping);
        await romeo.ExpectAsync("<iq type='get' id='p' from='juliet@localhost/balcony'/>");
        await romeo.SendAsync("<iq type='result' id='p' to='juliet@localhost/balcony'/>");
        await juliet.ExpectAsync("<iq type='result' id='p' from='romeo@localhost/garden'/>");
        await romeo.SendAsync("<presence><show>away</show></presence>");
        await romeo.SettleAsync();
        await juliet.ExpectNothingAsync();
        await romeo.SendAsync("<presence type='unavailable'/>");
        await juliet.ExpectAsync("<presence type='unavailable' from='romeo@localhost/garden' to='juliet@localhost/balcony'/>");
        await juliet.AskAsync(ping, $"<iq type='error' id='p'>{Scenery.Refused}</iq>");
    }

    [Fact]
    public async Task A_subscriber_who_got_directed_presence_sees_the_end_once()
    {
        await using var server = await Scenery.WithAsync("romeo", "juliet");
        await using var romeo = await server.EnterAsync("romeo", "garden");
        await using var juliet = await server.EnterAsync("juliet", "balcony");
        await Scenery.BefriendAsync(romeo, juliet);
        await romeo.SendAsync("<presence to='juliet@localhost'/><presence type='unavailable'/>");
        await juliet.ExpectAsync("<presence from='romeo@localhost/garden' type='-'/>");
        await juliet.ExpectAsync("<presence from='romeo@localhost/garden' type='unavailable'/>");
        await romeo.SettleAsync();
        await juliet.ExpectNothingAsync();
    }

    [Fact]
    public async Task An_iq_to_a_device_passes_only_between_those_who_share_presence()
    {
        await using var server = await Scenery.WithAsync("romeo", "juliet");
        await using var romeo = await server.EnterAsync("romeo", "garden");
        await using var juliet = await server.EnterAsync("juliet", "balcony");
        const string version = "<query xmlns='jabber:iq:version'/>";
        var there = await romeo.AnswerAsync("juliet@localhost/balcony", version);
        Assert.Contains("service-unavailable", there, StringComparison.Ordinal);
        Assert.Equal(there, await romeo.AnswerAsync("juliet@localhost/elsewhere", version));
        Assert.Equal(there, await romeo.AnswerAsync("nobody@localhost/balcony", version));
        await juliet.ExpectNothingAsync();
        await Scenery.BefriendAsync(romeo, juliet);
        await romeo.SendAsync($"<iq type='get' id='v' to='juliet@localhost/balcony'>{version}</iq>");
        await juliet.ExpectAsync($"<iq type='get' id='v' from='romeo@localhost/garden'>{version}</iq>");
    }

    [Theory]
    [InlineData("<presence id='x' type='gone'/>", "bad-request")]
    [InlineData("<presence id='x'><priority>128</priority></presence>", "bad-request")]
    [InlineData("<presence id='x' to='a@elsewhere.example'/>", "remote-server-not-found")]
    public async Task Malformed_presence_is_answered_and_shown_to_nobody(string presence, string condition)
    {
        await using var server = await Scenery.WithAsync("romeo");
        await using var romeo = await server.LoginAsync("romeo", "garden");
        await romeo.AskAsync(presence, $"<presence type='error' id='x'><error><{condition} xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></presence>");
        await romeo.ExpectNothingAsync();
    }
}
