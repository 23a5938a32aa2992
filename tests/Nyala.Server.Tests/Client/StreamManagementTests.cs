using Xunit;
using Nyala.Client;
using Nyala.Xmpp;
using Nyala.Xmpp.Stanzas;

namespace Nyala.Server.Tests.Client;

/// <summary>Our client's half of XEP-0198: the drills rely on it, so it must not hide a server's mistake.</summary>
public sealed class StreamManagementTests
{
    static readonly Jid Romeo = Jid.Parse("romeo@montague.example");

    readonly ScriptedServer _server = new();

    [Fact]
    public async Task What_is_acknowledged_is_forgotten_and_told_in_order()
    {
        await using var client = await _server.LoggedInAsync();
        var acknowledged = new List<string?>();
        client.StanzaAcknowledged += stanza => acknowledged.Add(stanza.Id);
        await SendAsync(client, "a", "b", "c");
        await _server.SayAsync("<a xmlns='urn:xmpp:sm:3' h='2'/>");
        await RoundTripAsync(client);
        Assert.Equal(["a", "b"], acknowledged);
    }

    [Fact]
    public async Task After_a_resumption_only_what_the_server_did_not_get_is_sent_again()
    {
        await using var client = await _server.LoggedInAsync();
        await SendAsync(client, "a", "b", "c");
        await CutAsync(client);

        var connecting = client.ConnectAsync(TestContext.Current.CancellationToken);
        await _server.AuthenticateAsync();
        var resume = await _server.HearAsync("resume");
        Assert.Equal("stream-1", resume.Attribute("previd"));
        Assert.Equal("0", resume.Attribute("h"));
        await _server.SayAsync("<resumed xmlns='urn:xmpp:sm:3' previd='stream-1' h='1'/>");
        Assert.Equal("b", (await _server.HearAsync("message")).Id);
        Assert.Equal("c", (await _server.HearAsync("message")).Id);
        Assert.Equal(new Connected(Resumed: true, Resent: 2), await connecting);
    }

    [Fact]
    public async Task What_was_received_counts_when_the_stream_is_resumed()
    {
        await using var client = await _server.LoggedInAsync();
        await _server.SayAsync("<message id='1'/><presence/><message id='2'/>");
        await client.NextAsync(stanza => stanza.Id == "2", token: TestContext.Current.CancellationToken);
        await CutAsync(client);

        var connecting = client.ConnectAsync(TestContext.Current.CancellationToken);
        await _server.AuthenticateAsync();
        Assert.Equal("3", (await _server.HearAsync("resume")).Attribute("h"));
        await _server.SayAsync("<resumed xmlns='urn:xmpp:sm:3' previd='stream-1' h='0'/>");
        await connecting;
    }

    [Fact]
    public async Task A_failed_resumption_with_a_count_spares_what_was_handled()
    {
        await using var client = await _server.LoggedInAsync();
        await SendAsync(client, "a", "b");
        await CutAsync(client);

        var connecting = client.ConnectAsync(TestContext.Current.CancellationToken);
        await _server.AuthenticateAsync();
        await _server.HearAsync("resume");
        await _server.SayAsync("<failed xmlns='urn:xmpp:sm:3' h='1'><item-not-found xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></failed>");
        await _server.BindAsync("stream-2");
        Assert.Equal("b", (await _server.HearAsync("message")).Id);
        Assert.Equal(new Connected(Resumed: false, Resent: 1), await connecting);
    }

    [Fact]
    public async Task What_is_sent_while_offline_leaves_after_what_was_sent_before()
    {
        await using var client = await _server.LoggedInAsync();
        await SendAsync(client, "a");
        await CutAsync(client);
        await client.SendMessageAsync(Romeo, "later", "b", TestContext.Current.CancellationToken);

        var connecting = client.ConnectAsync(TestContext.Current.CancellationToken);
        await _server.AuthenticateAsync();
        await _server.HearAsync("resume");
        await _server.SayAsync("<failed xmlns='urn:xmpp:sm:3'/>");
        await _server.BindAsync("stream-2");
        Assert.Equal("a", (await _server.HearAsync("message")).Id);
        Assert.Equal("b", (await _server.HearAsync("message")).Id);
        await connecting;
    }

    [Theory]
    [InlineData("5")]
    [InlineData("4294967295")]
    public async Task A_server_that_acknowledges_what_was_never_sent_is_left(string h)
    {
        await using var client = await _server.LoggedInAsync();
        await SendAsync(client, "a");
        await _server.SayAsync($"<a xmlns='urn:xmpp:sm:3' h='{h}'/>");
        await client.Disconnected;
        Assert.Equal("handled-count-too-high", client.StreamEnd?.Condition);
    }

    [Fact]
    public async Task A_server_that_asks_whether_anybody_is_there_gets_an_answer()
    {
        await using var client = await _server.LoggedInAsync();
        await _server.SayAsync("<iq type='get' id='v' from='capulet.example'><query xmlns='jabber:iq:version'/></iq>");
        var answer = await _server.HearAsync("iq");
        Assert.Equal((StanzaType.Error, "v"), (answer.Type, answer.Id));
    }

    [Fact]
    public async Task A_request_for_an_acknowledgement_gets_the_count_so_far()
    {
        await using var client = await _server.LoggedInAsync();
        await _server.SayAsync("<message/><iq type='get' id='p' from='capulet.example'><ping xmlns='urn:xmpp:ping'/></iq>");
        Assert.Equal(StanzaType.Result, (await _server.HearAsync("iq")).Type);
        await _server.SayAsync("<r xmlns='urn:xmpp:sm:3'/>");
        Assert.Equal("2", (await _server.HearAsync("a")).Attribute("h"));
    }

    async Task SendAsync(XmppClient client, params string[] ids)
    {
        foreach (var id in ids)
        {
            await client.SendMessageAsync(Romeo, "Wherefore art thou?", id, TestContext.Current.CancellationToken);
            Assert.Equal(id, (await _server.HearAsync("message")).Id);
        }
    }

    async Task CutAsync(XmppClient client)
    {
        _server.Cut();
        await client.Disconnected;
    }

    /// <summary>The client has dealt with everything said before.</summary>
    async Task RoundTripAsync(XmppClient client)
    {
        await _server.SayAsync("<message id='mark'/>");
        await client.NextAsync(stanza => stanza.Id == "mark", token: TestContext.Current.CancellationToken);
    }
}
