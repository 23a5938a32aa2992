using Nyala.Xmpp;
using Nyala.Xmpp.Stanzas;
using Xunit;

namespace Nyala.Server.Tests.Delivery;

/// <summary>One id per archive and message, the same wherever it shows, and nobody else's (R6, XEP-0359).</summary>
public sealed class ArchiveIdTests
{
    [Fact]
    public async Task R6_The_id_is_the_same_live_as_a_carbon_offline_and_in_the_archive()
    {
        await using var stage = await Stage.OpenAsync();
        var romeo = await stage.EnterAsync("romeo", "garden");
        var phone = await stage.EnterAsync("juliet", "phone");
        var desk = await stage.EnterAsync("juliet", "desk");
        await desk.SendAsync("<iq type='set' id='c'><enable xmlns='urn:xmpp:carbons:2'/></iq>");
        await romeo.MessageAsync("juliet@capulet.example/phone", "hello");
        var live = IdIn(await phone.NextMessageAsync());
        var carbon = await desk.NextMessageAsync();
        Assert.Equal("juliet@capulet.example", carbon.From!.ToString());
        Assert.Equal(live, IdIn(carbon));
        await desk.SendAsync("<iq type='set' id='q'><query xmlns='urn:xmpp:mam:2' queryid='x'/></iq>");
        var archived = (await desk.NextMessageAsync()).Child("result", Ns.Mam)!;
        Assert.Equal(live, archived["id"]);
        await phone.Session.EndAsync(Core.Connections.EndReason.LoggedOut);
        await desk.Session.EndAsync(Core.Connections.EndReason.LoggedOut);
        var next = await stage.EnterAsync("juliet", "next", priority: null);
        await next.SendAsync("<presence/>");

        Assert.Equal(live, IdIn(await next.NextMessageAsync()));
    }

    [Fact]
    public async Task R6_The_senders_own_id_reaches_its_devices_and_never_the_recipient()
    {
        await using var stage = await Stage.OpenAsync();
        var romeo = await stage.EnterAsync("romeo", "garden");
        var street = await stage.EnterAsync("romeo", "street");
        var juliet = await stage.EnterAsync("juliet", "balcony");
        await street.SendAsync("<iq type='set' id='c'><enable xmlns='urn:xmpp:carbons:2'/></iq>");
        await romeo.MessageAsync("juliet@capulet.example", "hello");
        var sent = await street.NextMessageAsync();
        var received = await juliet.NextMessageAsync();

        Assert.Contains("by='romeo@capulet.example'", sent.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain("romeo@capulet.example' id", received.ToString(), StringComparison.Ordinal);
        Assert.NotEqual(IdIn(sent), IdIn(received));
    }

    [Theory]
    [InlineData("juliet@capulet.example", false)]
    [InlineData("romeo@capulet.example", false)]
    [InlineData("capulet.example", false)]
    [InlineData("JULIET@capulet.example", false)]
    [InlineData("no address@@", false)]
    [InlineData("room@elsewhere.example", true)]
    public async Task R6_Ids_that_claim_to_be_ours_are_taken_out_and_others_stay(string by, bool stays)
    {
        await using var stage = await Stage.OpenAsync();
        var romeo = await stage.EnterAsync("romeo", "garden");
        var juliet = await stage.EnterAsync("juliet", "balcony");
        await romeo.SendAsync(
            $"<message to='juliet@capulet.example' type='chat'><stanza-id xmlns='urn:xmpp:sid:0' by='{by}' id='spoofed'/><body>x</body><origin-id xmlns='urn:xmpp:sid:0' id='mine'/></message>");
        var message = (await juliet.NextMessageAsync()).ToString();

        Assert.Equal(stays, message.Contains("spoofed", StringComparison.Ordinal));
        Assert.Contains("<origin-id xmlns='urn:xmpp:sid:0' id='mine'/>", message, StringComparison.Ordinal);
        Assert.Contains("by='juliet@capulet.example'", message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task R7_A_message_to_oneself_is_kept_once()
    {
        await using var stage = await Stage.OpenAsync();
        var romeo = await stage.EnterAsync("romeo", "garden");
        await romeo.MessageAsync("romeo@capulet.example", "note");
        await romeo.ExpectBodiesAsync("note");
        await romeo.SendAsync("<iq type='set' id='q'><query xmlns='urn:xmpp:mam:2'/></iq>");
        await romeo.ExpectBodiesAsync("note");

        Assert.Equal("q", (await romeo.NextAsync()).Id);
    }

    static string IdIn(Stanza message) => message.ToString().Split("<stanza-id ")[1].Split(" id='")[1].Split('\'')[0];
}
