using Nyala.Testing;
using Xunit;

namespace Nyala.Server.Tests.Features;

/// <summary>XEP-0280 on the wire: which messages other devices are shown, and how.</summary>
public sealed class CarbonScenes(SharedServer shared) : Scene(shared)
{
    [Theory]
    [InlineData("chat", "<body>Hi</body>")]
    [InlineData("normal", "<body>Hi</body>")]
    [InlineData("normal", "<composing xmlns='http://jabber.org/protocol/chatstates'/>")]
    [InlineData("error", "<error type='cancel'><service-unavailable xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error>")]
    public async Task A_copy_has_the_type_of_the_message_in_it(string type, string content)
    {
        var (romeo, desk, phone, tablet) = await CastAsync();
        await romeo.SendAsync($"<message type='{type}' id='m' to='{phone.Address}'>{content}</message>");
        await phone.AwaitAsync($"<message type='{type}' id='m'/>");
        await tablet.AwaitAsync(Copy(tablet, "received", $"type='{type}'", content));
        await desk.AwaitAsync(Copy(desk, "sent", $"type='{type}'", content));
    }

    [Fact]
    public async Task A_copy_of_a_message_without_a_type_has_none()
    {
        var (romeo, desk, phone, tablet) = await CastAsync();
        await romeo.SendAsync($"<message id='m' to='{phone.Address}'><body>Hi</body></message>");
        await tablet.AwaitAsync(Copy(tablet, "received", "type='-'", "<body>Hi</body>"));
        await desk.AwaitAsync(Copy(desk, "sent", "type='-'", "<body>Hi</body>"));
    }

    [Fact]
    public async Task Typing_shown_to_another_device_does_not_wake_an_inactive_one()
    {
        var (romeo, _, phone, tablet) = await CastAsync();
        await tablet.SendAsync("<inactive xmlns='urn:xmpp:csi:0'/>");
        await romeo.SendAsync($"<message type='chat' to='{phone.Address}'><composing xmlns='http://jabber.org/protocol/chatstates'/></message>");
        await romeo.SendAsync($"<message type='chat' to='{phone.Address}'><paused xmlns='http://jabber.org/protocol/chatstates'/></message>");
        await SettleAsync(romeo);
        await phone.AwaitAsync("<message><paused xmlns='http://jabber.org/protocol/chatstates'/></message>");
        await tablet.SendAsync("<iq type='get' id='wake'><ping xmlns='urn:xmpp:ping'/></iq>");
        await tablet.ExpectAsync(Copy(tablet, "received", "type='chat'", "<paused xmlns='http://jabber.org/protocol/chatstates'/>"));
        await tablet.ExpectAsync("<iq type='result' id='wake'/>");
    }

    static string Copy(Wire wire, string direction, string type, string content) =>
        $"<message from='{Bare(wire)}' to='{wire.Address}' {type}><{direction} xmlns='urn:xmpp:carbons:2'>"
        + $"<forwarded xmlns='urn:xmpp:forward:0'><message xmlns='jabber:client' {type}>{content}</message></forwarded></{direction}></message>";

    /// <summary>Romeo on two devices and Juliet on two; Romeo's desk and both of hers want copies.</summary>
    async Task<(Wire Romeo, Wire Desk, Wire Phone, Wire Tablet)> CastAsync()
    {
        var (romeo, desk) = (await ArriveAsync(Romeo), await ArriveAsync(Romeo, "desk"));
        var (phone, tablet) = (await ArriveAsync(Juliet), await ArriveAsync(Juliet, "tablet"));
        foreach (var wire in (Wire[])[desk, phone, tablet])
        {
            await AskAsync(wire, "set", "<enable xmlns='urn:xmpp:carbons:2'/>");
        }

        return (romeo, desk, phone, tablet);
    }
}
