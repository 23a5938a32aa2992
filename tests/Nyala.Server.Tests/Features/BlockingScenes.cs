using Xunit;

namespace Nyala.Server.Tests.Features;

/// <summary>XEP-0191.</summary>
public sealed class BlockingScenes
{
    const string Block = "<iq type='set' id='b'><block xmlns='urn:xmpp:blocking'><item jid='juliet@localhost'/></block></iq>";

    [Fact]
    public async Task The_blocked_sees_the_other_go_and_gets_nothing_through_until_unblocked()
    {
        await using var server = await Scenery.WithAsync("romeo", "juliet");
        await using var romeo = await server.EnterAsync("romeo", "garden");
        await using var juliet = await server.EnterAsync("juliet", "balcony");
        await Scenery.BefriendAsync(romeo, juliet);
        await romeo.AskAsync("<iq type='get' id='l'><blocklist xmlns='urn:xmpp:blocking'/></iq>", "<iq type='result' id='l'><blocklist xmlns='urn:xmpp:blocking'/></iq>");
        await romeo.SendAsync(Block);
        await romeo.AwaitAsync("<iq type='set'><block xmlns='urn:xmpp:blocking'><item jid='juliet@localhost'/></block></iq>");
        await romeo.ExpectAsync("<iq type='result' id='b'/>");
        await juliet.ExpectAsync("<presence type='unavailable' from='romeo@localhost/garden'/>");

        await juliet.SendAsync("<presence><show>away</show></presence><presence to='romeo@localhost/garden'/><presence type='probe' to='romeo@localhost'/>");
        await juliet.ExpectAsync("<presence from='juliet@localhost/balcony'/>");
        await juliet.AskAsync(
            "<message type='chat' id='m' to='romeo@localhost'><body>hi</body></message>",
            $"<message type='error' id='m' from='romeo@localhost'>{Scenery.Refused}</message>");
        var iq = await juliet.AnswerAsync("romeo@localhost/garden", "<ping xmlns='urn:xmpp:ping'/>");
        Assert.Equal(await juliet.AnswerAsync("nobody@localhost/garden", "<ping xmlns='urn:xmpp:ping'/>"), iq);
        await juliet.ExpectNothingAsync();
        await romeo.SendAsync("<presence><show>dnd</show></presence>");
        await romeo.ExpectAsync("<presence from='romeo@localhost/garden'/>");
        await romeo.ExpectNothingAsync();
        await juliet.ExpectNothingAsync();

        await romeo.SendAsync("<iq type='set' id='u'><unblock xmlns='urn:xmpp:blocking'/></iq>");
        await romeo.ExpectAsync("<iq type='set'><unblock xmlns='urn:xmpp:blocking'/></iq>");
        await romeo.ExpectAsync("<iq type='result' id='u'/>");
        await juliet.ExpectAsync("<presence from='romeo@localhost/garden'><show>dnd</show></presence>");
        await juliet.SendAsync("<message type='chat' to='romeo@localhost'><body>again</body></message>");
        await romeo.ExpectAsync("<message from='juliet@localhost/balcony'><body>again</body></message>");
    }

    [Fact]
    public async Task Who_blocks_cannot_write_to_the_blocked_either()
    {
        await using var server = await Scenery.WithAsync("romeo", "juliet");
        await using var romeo = await server.EnterAsync("romeo", "garden");
        await using var juliet = await server.EnterAsync("juliet", "balcony");
        await romeo.AskAsync(Block, "<iq type='result' id='b'/>");
        const string error = "<error><not-acceptable xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/><blocked xmlns='urn:xmpp:blocking:errors'/></error>";
        await romeo.AskAsync("<message type='chat' id='m' to='juliet@localhost'><body>hi</body></message>", $"<message type='error' id='m'>{error}</message>");
        await romeo.AskAsync("<presence id='p' to='juliet@localhost'/>", $"<presence type='error' id='p'>{error}</presence>");
        await romeo.AskAsync("<presence type='subscribe' id='s' to='juliet@localhost'/>", $"<presence type='error' id='s'>{error}</presence>");
        await romeo.AskAsync("<iq type='get' id='i' to='juliet@localhost'><vCard xmlns='vcard-temp'/></iq>", $"<iq type='error' id='i'>{error}</iq>");
        await juliet.SendAsync("<presence type='subscribe' to='romeo@localhost'/>");
        await juliet.ExpectAsync("<iq type='set'/>");
        await juliet.ExpectNothingAsync();
        await romeo.ExpectNothingAsync();
    }

    [Theory]
    [InlineData("<block xmlns='urn:xmpp:blocking'/>", "bad-request")]
    [InlineData("<block xmlns='urn:xmpp:blocking'><item/></block>", "bad-request")]
    [InlineData("<block xmlns='urn:xmpp:blocking'><item jid='@'/></block>", "jid-malformed")]
    public async Task What_is_wrong_with_a_block_is_named(string payload, string condition)
    {
        await using var server = await Scenery.WithAsync("romeo");
        await using var romeo = await server.LoginAsync("romeo", "garden");
        await romeo.AskAsync(
            $"<iq type='set' id='b'>{payload}</iq>",
            $"<iq type='error' id='b'><error><{condition} xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>");
    }
}
