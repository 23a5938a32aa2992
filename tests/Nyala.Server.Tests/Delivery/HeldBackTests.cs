using Nyala.Xmpp.Stanzas;
using Xunit;

namespace Nyala.Server.Tests.Delivery;

/// <summary>What an inactive client is not woken for (R12, XEP-0352).</summary>
public sealed class HeldBackTests
{
    const string Inactive = "<inactive xmlns='urn:xmpp:csi:0'/>";

    [Fact]
    public async Task R12_Presence_and_typing_wait_and_come_in_their_order_before_a_message()
    {
        await using var stage = await Stage.OpenAsync();
        var phone = await stage.EnterAsync("juliet", "phone");
        var romeo = await stage.EnterAsync("romeo", "garden");
        var nurse = await stage.EnterAsync("nurse", "house");
        await phone.SendAsync(Inactive);
        await romeo.SendAsync("<presence to='juliet@capulet.example/phone'><show>away</show></presence>");
        await nurse.SendAsync("<presence to='juliet@capulet.example/phone'/>");
        await romeo.SendAsync("<presence to='juliet@capulet.example/phone'><show>dnd</show></presence>");
        await romeo.SendAsync("<message to='juliet@capulet.example/phone' type='chat'><composing xmlns='http://jabber.org/protocol/chatstates'/></message>");
        await romeo.SettleAsync();
        await nurse.MessageAsync("juliet@capulet.example", "matters");

        Assert.Equal("nurse", (await phone.NextAsync()).From!.Local);
        Assert.Contains("dnd", (await phone.NextAsync()).ToString(), StringComparison.Ordinal);
        Assert.Contains("composing", (await phone.NextAsync()).ToString(), StringComparison.Ordinal);
        Assert.Equal("matters", Player.BodyOf(await phone.NextAsync()));
    }

    [Fact]
    public async Task R12_Becoming_active_brings_what_was_held_before_anything_else()
    {
        await using var stage = await Stage.OpenAsync();
        var phone = await stage.EnterAsync("juliet", "phone");
        var romeo = await stage.EnterAsync("romeo", "garden");
        await phone.SendAsync(Inactive);
        await romeo.SendAsync("<presence to='juliet@capulet.example/phone'/>");
        await romeo.SettleAsync();
        await phone.SendAsync("<active xmlns='urn:xmpp:csi:0'/>", "<iq type='get' id='p' to='capulet.example'><ping xmlns='urn:xmpp:ping'/></iq>");

        Assert.Equal("presence", (await phone.NextAsync()).Name);
        Assert.Equal("p", (await phone.NextAsync()).Id);
    }

    [Fact]
    public async Task R12_Subscriptions_and_errors_are_never_held()
    {
        await using var stage = await Stage.OpenAsync();
        var phone = await stage.EnterAsync("juliet", "phone");
        var romeo = await stage.EnterAsync("romeo", "garden");
        await phone.SendAsync(Inactive);
        await romeo.SendAsync("<presence to='juliet@capulet.example' type='subscribe'/>");
        Assert.Equal(StanzaType.Subscribe, (await phone.NextAsync()).Type);
        await romeo.SendAsync("<message to='juliet@capulet.example/phone' type='error' id='e'><error type='cancel'/></message>");

        Assert.Equal(StanzaType.Error, (await phone.NextAsync()).Type);
    }

    [Fact]
    public async Task R12_A_resumed_stream_is_active_and_has_what_was_held()
    {
        await using var stage = await Stage.OpenAsync();
        var phone = await stage.EnterAsync("juliet", "phone");
        var romeo = await stage.EnterAsync("romeo", "garden");
        await phone.SendAsync(Inactive);
        await romeo.SendAsync("<presence to='juliet@capulet.example/phone'/>");
        await romeo.SettleAsync();
        await phone.CutAsync();
        await phone.ResumeAsync();

        Assert.Equal("presence", (await phone.NextAsync()).Name);
        Assert.Null(phone.Session.Outbox.Filter);
    }
}
