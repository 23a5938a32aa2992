using System.Xml.Linq;
using Nyala.Core.Connections;
using Nyala.Core.Connections.Bosh;
using Nyala.Xmpp.Stanzas;
using Nyala.Xmpp.Xml;
using Xunit;

namespace Nyala.Server.Tests.Connections;

/// <summary>BOSH without anything behind it (XEP-0124).</summary>
public sealed class BoshTests : IDisposable
{
    readonly Echo _handler = new();
    readonly ConnectionFixture _fixture;
    readonly BoshEndpoint _endpoint;
    readonly BoshClient _client;

    public BoshTests()
    {
        _fixture = new(handler: () => _handler);
        _endpoint = new(_fixture.Services);
        _client = new(_endpoint);
    }

    public void Dispose() => _fixture.Dispose();

    [Fact]
    public async Task A_session_begins_with_what_both_agree_upon()
    {
        var answer = await _client.BeginAsync("hold='1' wait='20' ver='1.6' ack='1' xml:lang='de'");
        foreach (var (name, value) in ((string, string)[])
            [
                ("wait", "20"), ("requests", "2"), ("hold", "1"), ("inactivity", "30"), ("polling", "2"), ("maxpause", "120"), ("ver", "1.6"),
                ("ack", "1573741820"), ("from", "capulet.example"), ("authid", "id"),
            ])
        {
            Assert.Equal((name, value), (name, answer.Attribute(name)?.Value));
        }

        Assert.Equal(32, _client.Sid.Length);
        Assert.Equal("1.0", answer.Attribute(XName.Get("version", "urn:xmpp:xbosh"))?.Value);
        Assert.Equal("true", answer.Attribute(XName.Get("restartlogic", "urn:xmpp:xbosh"))?.Value);
        Assert.Equal("features", Assert.Single(answer.Elements()).Name.LocalName);
        Assert.Equal(["open capulet.example"], _handler.Events);
    }

    [Fact]
    public async Task What_a_client_asks_for_is_bounded()
    {
        var answer = await _client.BeginAsync("hold='9' wait='100000' ver='7.1'");
        Assert.Equal(("60", "2", "3", "1.11"), (answer.Attribute("wait")!.Value, answer.Attribute("hold")!.Value, answer.Attribute("requests")!.Value, answer.Attribute("ver")!.Value));
    }

    [Theory]
    [InlineData("<body xmlns='http://jabber.org/protocol/httpbind' rid='1' ver='1.6'/>", "improper-addressing")]
    [InlineData("<body xmlns='http://jabber.org/protocol/httpbind' rid='1' to='verona.example' ver='1.6'/>", "host-unknown")]
    [InlineData("<body xmlns='http://jabber.org/protocol/httpbind' rid='1' to='x@capulet.example' ver='1.6'/>", "host-unknown")]
    [InlineData("<body xmlns='http://jabber.org/protocol/httpbind' to='capulet.example' ver='1.6'/>", "bad-request")]
    [InlineData("<body xmlns='http://jabber.org/protocol/httpbind' rid='9007199254740992' to='capulet.example' ver='1.6'/>", "bad-request")]
    [InlineData("<body xmlns='http://jabber.org/protocol/httpbind' rid='-1' to='capulet.example' ver='1.6'/>", "bad-request")]
    [InlineData("<body rid='1' to='capulet.example'/>", "bad-request")]
    [InlineData("<body xmlns='http://jabber.org/protocol/httpbind' rid='1' to='capulet.example'>text</body>", "bad-request")]
    [InlineData("<body xmlns='http://jabber.org/protocol/httpbind' rid='1' to='capulet.example'", "bad-request")]
    [InlineData("<!DOCTYPE x><body xmlns='http://jabber.org/protocol/httpbind' rid='1' to='capulet.example'/>", "bad-request")]
    [InlineData("", "bad-request")]
    [InlineData("<body xmlns='http://jabber.org/protocol/httpbind' rid='1' sid='none'/>", "item-not-found")]
    public async Task What_is_wrong_is_told_by_its_condition(string request, string condition)
    {
        var answer = await _client.PostAsync(request);
        Assert.Equal(("terminate", condition), (answer["type"], answer["condition"]));
        Assert.Equal(0, _endpoint.Count);
    }

    [Fact]
    public async Task Clients_that_name_no_version_are_told_by_the_status()
    {
        await _client.BeginAsync("hold='1' wait='60'");
        var answer = await _client.SendAsync(_client.Rid + 9);
        Assert.Equal((404, "item-not-found"), (answer.Context.Response.StatusCode, answer["condition"]));
    }

    [Fact]
    public async Task Elements_are_handed_over_in_order_whatever_namespace_they_leave_out()
    {
        await _client.BeginAsync();
        // Alone: a second request would be given what is there already, while the rest is still handed over.
        var first = await _client.NextAsync("<message id='1'><body>a</body></message><iq xmlns='jabber:client' type='get' id='2'><x xmlns='y'/></iq><r xmlns='urn:xmpp:sm:3'/>");
        Assert.Equal(["1", "2", "3"], first.Ids.Select(id => id ?? "3"));
        Assert.All(first.Xml.Elements(), element => Assert.NotEqual(BoshClient.Body, element.Name.NamespaceName));
        Assert.Equal(["open capulet.example", "message", "iq", "r"], _handler.Events);
        var second = _client.NextAsync();
        Assert.False(second.IsCompleted);
    }

    [Fact]
    public async Task Requests_that_overtake_each_other_are_put_in_order()
    {
        await _client.BeginAsync("hold='2' wait='60' ver='1.6' ack='1'");
        var rid = _client.Rid;
        var third = _client.SendAsync(rid + 3, "<message id='3'/>");
        var second = _client.SendAsync(rid + 2, "<message id='2'/>");
        Assert.Equal(["open capulet.example"], _handler.Events);
        var first = await _client.SendAsync(rid + 1, "<message id='1'/>");
        Assert.Equal("1", first.Ids.First());
        List<string?> all = [.. first.Ids];
        foreach (var answer in (Task<BoshResponse>[])[second, third])
        {
            if (all.Count < 3)
            {
                all.AddRange((await answer).Ids);
            }
        }

        Assert.Equal(["1", "2", "3"], all);
    }

    [Fact]
    public async Task A_request_waits_no_longer_than_it_may()
    {
        await _client.BeginAsync("hold='1' wait='20' ver='1.6'");
        var waiting = _client.NextAsync();
        await SettleAsync();
        Assert.False(waiting.IsCompleted);
        _fixture.Time.Advance(TimeSpan.FromSeconds(21));
        Assert.Empty((await waiting).Xml.Elements());
    }

    [Fact]
    public async Task A_second_request_frees_the_first()
    {
        await _client.BeginAsync("hold='1' wait='60' ver='1.6' ack='1'");
        var first = _client.NextAsync();
        var second = _client.NextAsync();
        var answer = await first;
        Assert.Empty(answer.Xml.Elements());
        Assert.Equal(_client.Rid.ToString(System.Globalization.CultureInfo.InvariantCulture), answer["ack"]);
        Assert.False(second.IsCompleted);
    }

    [Fact]
    public async Task A_lost_answer_is_given_again_and_a_forgotten_one_ends_the_session()
    {
        await _client.BeginAsync();
        var answer = await _client.NextAsync("<message id='1'/>");
        for (var i = 0; i < 3; i++)
        {
            Assert.Equal(answer.Text, (await _client.SendAsync(_client.Rid, "<message id='1'/>")).Text);
        }

        Assert.Equal(1, _handler.Events.Count(name => name == "message"));
        var old = _client.Rid;
        for (var i = 0; i < 5; i++)
        {
            await _client.NextAsync("<message id='x'/>");
        }

        var gone = await _client.SendAsync(old);
        Assert.Equal(("terminate", "item-not-found"), (gone["type"], gone["condition"]));
        Assert.Equal(EndReason.ConnectionLost, await _handler.Ended);
        Assert.Equal("item-not-found", (await _client.NextAsync())["condition"]);
    }

    [Fact]
    public async Task A_copy_of_a_waiting_request_takes_its_place()
    {
        await _client.BeginAsync();
        var first = _client.NextAsync();
        var copy = _client.SendAsync(_client.Rid);
        Assert.Equal("error", (await first)["type"]);
        await WriteAsync("<message id='1'/>");
        Assert.Equal(["1"], (await copy).Ids);
    }

    [Fact]
    public async Task What_is_said_while_nobody_listens_goes_to_who_asks_next()
    {
        await _client.BeginAsync();
        using var leaving = new CancellationTokenSource();
        _ = _client.NextAsync(leaving: leaving.Token);
        await SettleAsync();
        await leaving.CancelAsync();
        await WriteAsync("<message id='1'/>");
        await WriteAsync("<message id='2'/>");
        Assert.Equal(["1", "2"], (await _client.SendAsync(_client.Rid)).Ids);
    }

    [Theory]
    [InlineData(3)]
    [InlineData(1_000_000)]
    public async Task A_number_outside_of_the_window_ends_the_session(int ahead)
    {
        await _client.BeginAsync();
        var waiting = _client.NextAsync();
        var answer = await _client.SendAsync(_client.Rid + ahead);
        Assert.Equal(("terminate", "item-not-found"), (answer["type"], answer["condition"]));
        Assert.Equal(("terminate", "other-request"), ((await waiting)["type"], (await waiting)["condition"]));
        Assert.Equal(EndReason.ConnectionLost, await _handler.Ended);
    }

    [Fact]
    public async Task The_same_request_again_and_again_is_a_violation()
    {
        await _client.BeginAsync();
        await _client.NextAsync("<message id='1'/>");
        BoshResponse answer;
        var count = 0;
        do
        {
            answer = await _client.SendAsync(_client.Rid);
            Assert.InRange(++count, 1, 30);
        }
        while (answer["type"] is null);
        Assert.Equal("policy-violation", answer["condition"]);
        Assert.Equal(EndReason.ProtocolError, await _handler.Ended);
    }

    [Fact]
    public async Task Who_polls_is_answered_at_once_and_must_not_hurry()
    {
        var begun = await _client.BeginAsync("hold='0' wait='0' ver='1.6'");
        Assert.Equal(("1", "60"), (begun.Attribute("requests")!.Value, begun.Attribute("inactivity")!.Value));
        Assert.Empty((await _client.NextAsync()).Xml.Elements());
        Assert.Equal(["1"], (await _client.NextAsync("<message id='1'/>")).Ids);
        Assert.Empty((await _client.NextAsync()).Xml.Elements());
        _fixture.Time.Advance(TimeSpan.FromSeconds(3));
        Assert.Empty((await _client.NextAsync()).Xml.Elements());
        _fixture.Time.Advance(TimeSpan.FromSeconds(1));
        var hasty = await _client.NextAsync();
        Assert.Equal(("terminate", "policy-violation"), (hasty["type"], hasty["condition"]));
    }

    [Fact]
    public async Task A_client_that_stays_away_has_lost_its_connection()
    {
        await _client.BeginAsync();
        await _client.NextAsync("<message id='1'/>");
        _fixture.Time.Advance(TimeSpan.FromSeconds(29));
        Assert.False(_handler.Ended.IsCompleted);
        _fixture.Time.Advance(TimeSpan.FromSeconds(2));
        Assert.Equal(EndReason.ConnectionLost, await _handler.Ended);
        Assert.Equal("item-not-found", (await _client.NextAsync())["condition"]);
        Assert.Equal(0, _endpoint.Count);
    }

    [Fact]
    public async Task A_pause_frees_all_requests_and_extends_the_patience()
    {
        await _client.BeginAsync();
        var waiting = _client.NextAsync();
        var connection = await _handler.Opened;
        connection.Authenticated();
        var pause = await _client.NextAsync(attributes: "pause='100'");
        Assert.Empty((await waiting).Xml.Elements());
        Assert.Empty(pause.Xml.Elements());
        Assert.True(connection.IsPaused);
        await WriteAsync("<message id='1'/>");
        _fixture.Time.Advance(TimeSpan.FromSeconds(99));
        Assert.Equal(["1"], (await _client.NextAsync()).Ids);
        Assert.False(connection.IsPaused);
        _fixture.Time.Advance(TimeSpan.FromSeconds(31));
        Assert.Equal(EndReason.ConnectionLost, await _handler.Ended);
    }

    [Fact]
    public async Task A_pause_that_is_too_long_is_none()
    {
        await _client.BeginAsync();
        var answer = _client.NextAsync(attributes: "pause='100000'");
        await SettleAsync();
        Assert.False(answer.IsCompleted);
    }

    [Fact]
    public async Task A_client_leaves_with_its_last_words_and_the_oldest_request_is_told()
    {
        await _client.BeginAsync();
        var oldest = _client.NextAsync();
        var leaving = await _client.NextAsync("<presence xmlns='jabber:client' type='unavailable'/>", "type='terminate'");
        Assert.Equal(("terminate", null), ((await oldest)["type"], (await oldest)["condition"]));
        Assert.Null(leaving["type"]);
        Assert.Equal(EndReason.ClosedByPeer, await _handler.Ended);
        Assert.Equal(["open capulet.example", "presence", "closed", "ended"], _handler.Events);
    }

    [Fact]
    public async Task A_stream_error_comes_with_what_was_said_before_it()
    {
        await _client.BeginAsync();
        var waiting = _client.NextAsync();
        var connection = await _handler.Opened;
        lock (connection.Gate)
        {
            connection.Write(new Element("message", "jabber:client").Set("id", "1"));
            connection.End(EndReason.Replaced, StreamError.Conflict);
        }

        var answer = await waiting;
        Assert.Equal(("terminate", "remote-stream-error"), (answer["type"], answer["condition"]));
        Assert.Equal(["message", "error"], answer.Names);
        Assert.Equal(EndReason.Replaced, await _handler.Ended);
    }

    [Fact]
    public async Task A_restart_opens_the_stream_again_and_what_comes_with_it_is_ignored()
    {
        await _client.BeginAsync();
        _handler.RestartsOn = "auth";
        await _client.NextAsync("<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>");
        var answer = await _client.NextAsync("<message/>", "to='capulet.example' xmlns:xmpp='urn:xmpp:xbosh' xmpp:restart='true'");
        Assert.Equal(["features"], answer.Names);
        Assert.Equal(["open capulet.example", "auth", "open capulet.example"], _handler.Events);
    }

    [Fact]
    public async Task What_is_no_stanza_is_a_stream_error()
    {
        await _client.BeginAsync();
        var answer = await _client.NextAsync("<message xmlns=''/>");
        Assert.Equal(("terminate", "remote-stream-error"), (answer["type"], answer["condition"]));
        Assert.Contains("invalid-namespace", answer.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Strangers_may_send_no_more_than_before_authentication()
    {
        await _client.BeginAsync();
        var large = $"<message id='1'><body>{new string('x', 100_000)}</body></message>";
        Assert.Equal("policy-violation", (await _client.NextAsync(large))["condition"]);
        Assert.Equal("policy-violation", (await _client.PostAsync(large))["condition"]);
        _client.Rid--;
        (await _handler.Opened).Authenticated();
        Assert.Equal(["1"], (await _client.NextAsync(large)).Ids);
        var larger = $"<message id='2'><body>{new string('x', 600_000)}</body></message>";
        Assert.Equal("policy-violation", (await _client.NextAsync(larger))["condition"]);
    }

    [Fact]
    public async Task Sessions_of_strangers_are_limited_by_their_address()
    {
        using var fixture = new ConnectionFixture(new() { UnauthenticatedPerAddress = 2 });
        var endpoint = new BoshEndpoint(fixture.Services);
        var posting = Enumerable.Range(0, 3).Select(_ => new BoshClient(endpoint).PostAsync(
            "<body xmlns='http://jabber.org/protocol/httpbind' rid='1' to='capulet.example' hold='1' wait='5' ver='1.6'/>", address: "192.0.2.7")).ToList();
        var refused = await Task.WhenAny(posting);
        Assert.Equal("policy-violation", (await refused)["condition"]);
        posting.Remove(refused);
        Assert.DoesNotContain(posting, other => other.IsCompleted);
        fixture.Time.Advance(TimeSpan.FromSeconds(6));
        Assert.All(await Task.WhenAll(posting), answer => Assert.Null(answer["type"]));
    }

    [Fact]
    public async Task A_session_that_began_encrypted_stays_so()
    {
        var begun = await _client.PostAsync(
            "<body xmlns='http://jabber.org/protocol/httpbind' rid='1' to='capulet.example' hold='1' ver='1.6'/>", scheme: "https", address: "192.0.2.7");
        _client.Sid = begun["sid"]!;
        Assert.Equal("", (await _client.PostAsync($"<body xmlns='http://jabber.org/protocol/httpbind' rid='2' sid='{_client.Sid}' type='terminate'/>", address: "192.0.2.7")).Text);
        Assert.Equal(1, _endpoint.Count);
    }

    [Theory]
    [InlineData("text/html; charset=utf-8", "text/html; charset=utf-8")]
    [InlineData("text/plain", "text/plain")]
    [InlineData("text/plain\r\nX: y", "text/xml; charset=utf-8")]
    [InlineData("nonsense", "text/xml; charset=utf-8")]
    public async Task Answers_have_the_type_that_was_asked_for_if_it_is_one(string wanted, string type)
    {
        var answer = await _client.PostAsync(
            $"<body xmlns='http://jabber.org/protocol/httpbind' rid='1' to='capulet.example' hold='1' ver='1.6' content='{wanted.Replace("\r\n", "&#13;&#10;", StringComparison.Ordinal)}'/>");
        Assert.Equal(type, answer.Context.Response.ContentType);
        Assert.Equal(answer.Text.Length, answer.Context.Response.ContentLength);
    }

    [Fact]
    public async Task Browsers_of_all_origins_may_come_and_other_methods_may_not()
    {
        var asked = await _client.PostAsync("", method: "OPTIONS");
        Assert.Equal((204, "*", "POST, OPTIONS", "Content-Type"), (asked.Context.Response.StatusCode, asked.Context.Response.Headers.AccessControlAllowOrigin.ToString(),
            asked.Context.Response.Headers.AccessControlAllowMethods.ToString(), asked.Context.Response.Headers.AccessControlAllowHeaders.ToString()));
        var got = await _client.PostAsync("", method: "GET");
        Assert.Equal((405, "POST, OPTIONS"), (got.Context.Response.StatusCode, got.Context.Response.Headers.Allow.ToString()));
    }

    [Fact]
    public async Task Whoever_holds_back_is_told_when_the_output_has_left()
    {
        await _client.BeginAsync();
        await WriteAsync("<message id='1'/>");
        Assert.True((await _handler.Opened).Pending > 0);
        Assert.Equal(["1"], (await _client.NextAsync()).Ids);
        Assert.Contains("drained", _handler.Events);
    }

    async Task WriteAsync(string element)
    {
        var connection = await _handler.Opened;
        lock (connection.Gate)
        {
            connection.Write(System.Text.Encoding.UTF8.GetBytes(element));
            connection.Flush();
        }
    }

    /// <summary>Lets what is under way come to rest.</summary>
    async Task SettleAsync()
    {
        var connection = await _handler.Opened;
        for (var i = 0; i < 100; i++)
        {
            lock (connection.Gate)
            {
            }

            await Task.Yield();
        }
    }

    /// <summary>Sends everything back; offers features.</summary>
    internal sealed class Echo : RecordingHandler
    {
        public string? RestartsOn { get; set; }

        public override async ValueTask OpenedAsync(Connection connection, StreamHeader header)
        {
            lock (connection.Gate)
            {
                connection.WriteHeader("capulet.example", header.From, "id", header);
                connection.Write(new Element("features", Xmpp.Ns.Streams));
            }

            await base.OpenedAsync(connection, header);
        }

        public override async ValueTask ReceivedAsync(Connection connection, Stanza stanza)
        {
            await base.ReceivedAsync(connection, stanza);
            if (stanza.Name == RestartsOn)
            {
                connection.RestartStream();
            }

            lock (connection.Gate)
            {
                connection.Write(stanza);
            }
        }

        public override void ReadCompleted(Connection connection)
        {
            lock (connection.Gate)
            {
                connection.Flush();
            }
        }
    }
}
