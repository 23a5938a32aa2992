using Nyala.Core;
using Nyala.Core.Connections;
using Nyala.Server.Tests.Delivery;
using Nyala.Testing;
using Nyala.Xmpp;
using Nyala.Xmpp.Stanzas;
using Xunit;

namespace Nyala.Server.Tests.Features.Push;

/// <summary>XEP-0357 and DELIVERY R13: which devices are woken, when, for what, and how often.</summary>
public sealed class PushScenes : IAsyncLifetime
{
    const string Juliet = "juliet@capulet.example";
    const string Options = "<x xmlns='jabber:x:data' type='submit'><field var='FORM_TYPE'><value>http://jabber.org/protocol/pubsub#publish-options</value></field><field var='secret'><value>s3</value></field></x>";

    /// <summary>Time passes in great steps here, and nobody is to be lost for it.</summary>
    static readonly ServerOptions Patient = Stage.Usual with { Limits = new() { ProbeAfter = TimeSpan.FromDays(30) } };

    static readonly TimeSpan BeforeDelay = TimeSpan.FromSeconds(4);
    static readonly TimeSpan Long = TimeSpan.FromMinutes(2);

    readonly AppServer _app = new();
    Stage _stage = null!;
    Player _romeo = null!;

    public async ValueTask InitializeAsync()
    {
        _stage = await Stage.OpenAsync(Patient, _app);
        _romeo = await _stage.EnterAsync("romeo", "orchard");
    }

    public ValueTask DisposeAsync() => _stage.DisposeAsync();

    [Fact]
    public async Task A_device_that_is_away_is_told_without_text_or_sender()
    {
        await AwayAsync("phone", Options);
        await SayAsync("a secret");
        var pushed = await _app.NextAsync(_stage);
        Assert.Equal("capulet.example", pushed.Iq.From!.ToString());
        Assert.Equal(("n1", "1", Ns.PushSummary), (pushed.Node, pushed.Count, pushed.Field("FORM_TYPE")));
        Assert.Equal("s3", pushed.Options!.Children.Last().Child("value")!.Text);
        Assert.DoesNotContain("secret<", pushed.Iq.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain("romeo", pushed.Iq.ToString(), StringComparison.Ordinal);
        Assert.Equal("New message", pushed.Field("last-message-body"));
    }

    [Fact]
    public async Task The_sender_is_told_where_the_operator_allows_it()
    {
        await _stage.DisposeAsync();
        _stage = await Stage.OpenAsync(Patient with { Push = new PushOptions { ShowSender = true, Text = "" } }, _app);
        _romeo = await _stage.EnterAsync("romeo", "orchard");
        await AwayAsync("phone");
        await SayAsync("1");
        var pushed = await _app.NextAsync(_stage);
        Assert.Equal(_romeo.Address, pushed.Field("last-message-sender"));
        Assert.Null(pushed.Field("last-message-body"));
        Assert.Null(pushed.Options);
    }

    [Fact]
    public async Task A_device_has_some_seconds_to_acknowledge_whatever_others_do()
    {
        var phone = await RegisterAsync("phone");
        var desk = await _stage.EnterAsync("juliet", "desk");
        await phone.CutAsync();
        await SayAsync("1");
        await desk.BodyAsync();
        await desk.AcknowledgeAsync();
        _stage.Time.Advance(BeforeDelay);
        await SettleAsync();
        Assert.True(_app.HasNothing);
        Assert.Equal("1", (await _app.NextAsync(_stage)).Count);
    }

    [Fact]
    public async Task Who_acknowledges_is_left_in_peace_also_while_inactive()
    {
        var phone = await RegisterAsync("phone");
        await phone.SendAsync("<inactive xmlns='urn:xmpp:csi:0'/>");
        await SayAsync("1");
        await phone.BodyAsync();
        await phone.AcknowledgeAsync();
        _stage.Time.Advance(Long);
        await SayAsync("2");
        await phone.BodyAsync();
        Assert.Equal("1", (await _app.NextAsync(_stage)).Count);
    }

    [Fact]
    public async Task A_device_without_stream_management_acknowledges_by_its_answer_to_a_question()
    {
        var phone = await RegisterAsync("phone", counting: false);
        await SayAsync("1");
        await phone.BodyAsync();
        await phone.SettleAsync();
        await phone.SendAsync("<iq type='result' id='nyala-ping'/>");
        _stage.Time.Advance(Long);
        await SettleAsync();
        Assert.True(_app.HasNothing);
    }

    [Fact]
    public async Task A_copy_acknowledged_is_the_message_acknowledged()
    {
        var phone = await RegisterAsync("phone");
        await phone.SendAsync("<iq type='set' id='c'><enable xmlns='urn:xmpp:carbons:2'/></iq>");
        var desk = await _stage.EnterAsync("juliet", "desk");
        await phone.SettleAsync();
        await _romeo.MessageAsync(desk.Address, "1");
        Assert.Contains("urn:xmpp:carbons:2", (await phone.NextMessageAsync()).ToString(), StringComparison.Ordinal);
        await phone.AcknowledgeAsync();
        _stage.Time.Advance(Long);
        await _romeo.MessageAsync(desk.Address, "2");
        Assert.Equal("1", (await _app.NextAsync(_stage)).Count);
    }

    [Fact]
    public async Task A_result_of_the_archive_acknowledged_is_the_message_acknowledged()
    {
        await AwayAsync("phone");
        _app.Refusal = StanzaError.ServiceUnavailable;
        await SayAsync("1");
        await _app.NextAsync(_stage);
        var phone = await _stage.EnterAsync("juliet", "phone", priority: null);
        await phone.SendAsync("<iq type='set' id='q'><query xmlns='urn:xmpp:mam:2'/></iq>");
        Assert.Equal("1", await phone.BodyAsync());
        await phone.AcknowledgeAsync();
        _app.Refusal = null;
        _stage.Time.Advance(Long);
        await SettleAsync();
        Assert.True(_app.HasNothing);
    }

    [Theory]
    [InlineData("<composing xmlns='http://jabber.org/protocol/chatstates'/>")]
    [InlineData("<received xmlns='urn:xmpp:receipts' id='1'/>")]
    [InlineData("<displayed xmlns='urn:xmpp:chat-markers:0' id='1'/>")]
    [InlineData("<body>not kept</body><no-store xmlns='urn:xmpp:hints'/>")]
    [InlineData("<body>not kept</body><no-permanent-store xmlns='urn:xmpp:hints'/>")]
    [InlineData("<unknown xmlns='urn:example'/>")]
    [InlineData("<proceed xmlns='urn:xmpp:jingle-message:0' id='1'/>")]
    public async Task Nobody_is_woken_for_what_shows_nothing(string content)
    {
        await AwayAsync("phone");
        await _romeo.SendAsync($"<message type='chat' to='{Juliet}'>{content}</message>");
        await SettleAsync();
        _stage.Time.Advance(Long);
        await SayAsync("something");
        Assert.Equal("1", (await _app.NextAsync(_stage)).Count);
        Assert.True(_app.HasNothing);
    }

    [Fact]
    public async Task Messages_of_one_chat_come_together_and_a_call_does_not_wait()
    {
        await AwayAsync("phone");
        await SayAsync("1");
        Assert.Equal("1", (await _app.NextAsync(_stage)).Count);
        await SayAsync("2");
        await SayAsync("3");
        _stage.Time.Advance(BeforeDelay);
        await SettleAsync();
        Assert.True(_app.HasNothing);
        Assert.Equal("3", (await _app.NextAsync(_stage)).Count);
        await _romeo.SendAsync($"<message type='chat' to='{Juliet}'><propose xmlns='urn:xmpp:jingle-message:0' id='call'><description xmlns='urn:xmpp:jingle:apps:rtp:1' media='audio'/></propose></message>");
        await SettleAsync();
        _stage.Time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal("4", (await _app.NextAsync(_stage)).Count);
    }

    [Fact]
    public async Task A_proposed_call_is_in_the_archive_goes_through_client_state_and_wakes_a_device_that_hibernates_at_once()
    {
        var phone = await RegisterAsync("phone");
        var desk = await _stage.EnterAsync("juliet", "desk");
        await desk.SendAsync("<inactive xmlns='urn:xmpp:csi:0'/>");
        await phone.CutAsync();
        const string Propose = "<propose xmlns='urn:xmpp:jingle-message:0' id='call'><description xmlns='urn:xmpp:jingle:apps:rtp:1' media='audio'/></propose>";
        await _romeo.SendAsync($"<message type='chat' id='p' to='{Juliet}'>{Propose}<store xmlns='urn:xmpp:hints'/></message>");
        Assert.Equal("p", (await desk.NextMessageAsync()).Id);
        _stage.Time.Advance(TimeSpan.FromSeconds(1));
        await _app.NextAsync(_stage);
        var page = await _stage.Server.Store.Archive.ReadAsync(new((await _stage.AccountAsync("juliet")).Id), TestContext.Current.CancellationToken);
        Assert.Contains("propose", Stanza.Parse(Assert.Single(page.Rows).Stanza).ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_one_writes_to_oneself_is_no_news()
    {
        await AwayAsync("phone");
        var desk = await _stage.EnterAsync("juliet", "desk");
        await desk.MessageAsync(Juliet, "note");
        await desk.SettleAsync();
        _stage.Time.Advance(Long);
        await SayAsync("news");
        Assert.Equal("1", (await _app.NextAsync(_stage)).Count);
    }

    [Fact]
    public async Task A_service_that_knows_nothing_of_the_device_is_not_asked_again()
    {
        await AwayAsync("phone");
        _app.Refusal = StanzaError.ItemNotFound;
        await SayAsync("1");
        await _app.NextAsync(_stage);
        await UntilAsync(0);
        _app.Refusal = null;
        await SayAsync("2");
        _stage.Time.Advance(Long);
        await SettleAsync();
        Assert.True(_app.HasNothing);
    }

    [Fact]
    public async Task A_service_that_is_away_or_silent_is_asked_again_after_pauses_that_grow()
    {
        await AwayAsync("phone");
        _app.Answers = false;
        await SayAsync("1");
        await _app.NextAsync(_stage);
        await _app.NextAsync(_stage);
        _app.Answers = true;
        _app.Refusal = StanzaError.ServiceUnavailable;
        await _app.NextAsync(_stage);
        await _app.NextAsync(_stage);
        _app.Refusal = null;
        Assert.Equal("1", (await _app.NextAsync(_stage)).Count);
        _stage.Time.Advance(TimeSpan.FromHours(1));
        await SettleAsync();
        Assert.True(_app.HasNothing);
        await UntilAsync(1);
    }

    [Fact]
    public async Task A_service_may_end_it_by_itself()
    {
        await AwayAsync("phone");
        _app.Send("<message><pubsub xmlns='http://jabber.org/protocol/pubsub' node='other'><affiliation jid='juliet@capulet.example' affiliation='none'/></pubsub></message>");
        _app.Send("<message><pubsub xmlns='http://jabber.org/protocol/pubsub' node='n1'><affiliation jid='juliet@capulet.example' affiliation='none'/></pubsub></message>");
        await UntilAsync(0);
    }

    [Fact]
    public async Task It_is_enabled_for_the_device_that_asks_and_disabled_by_service_or_node()
    {
        var phone = await _stage.EnterAsync("juliet", "phone");
        var desk = await _stage.EnterAsync("juliet", "desk");
        await EnableAsync(phone, "n1");
        await EnableAsync(phone, "n2");
        await EnableAsync(desk, "n3");
        Assert.Equal(["resource phone", "resource phone", "resource desk"], await DevicesAsync());
        await EnableAsync(desk, "n2");
        Assert.Equal(["resource phone", "resource desk", "resource desk"], await DevicesAsync());
        await AskAsync(phone, $"<disable xmlns='urn:xmpp:push:0' jid='{AppServer.Address}' node='n2'/>", "result");
        Assert.Equal(2, (await DevicesAsync()).Count());
        await AskAsync(phone, $"<disable xmlns='urn:xmpp:push:0' jid='{AppServer.Address}'/>", "result");
        Assert.Empty(await DevicesAsync());
        await SayAsync("1");
        _stage.Time.Advance(Long);
        await SettleAsync();
        Assert.True(_app.HasNothing);
    }

    [Theory]
    [InlineData("<enable xmlns='urn:xmpp:push:0'/>", "bad-request")]
    [InlineData("<enable xmlns='urn:xmpp:push:0' jid='@'/>", "jid-malformed")]
    [InlineData("<enable xmlns='urn:xmpp:push:0' jid='app.capulet.example'><x xmlns='jabber:x:data'/></enable>", "bad-request")]
    [InlineData("<enable xmlns='urn:xmpp:push:0' jid='push.capulet.example'/>", "bad-request")]
    [InlineData("<disable xmlns='urn:xmpp:push:0'/>", "bad-request")]
    [InlineData("<disable xmlns='urn:xmpp:push:0' jid='@'/>", "jid-malformed")]
    public async Task What_cannot_be_understood_is_answered_with_the_right_error(string request, string condition)
    {
        var phone = await _stage.EnterAsync("juliet", "phone");
        Assert.Contains($"<{condition} ", await AskAsync(phone, request, "error"), StringComparison.Ordinal);
        Assert.Contains("<not-acceptable ", await AskAsync(phone, $"<enable xmlns='urn:xmpp:push:0' jid='a.example' node='{new string('n', 1_025)}'/>", "error"), StringComparison.Ordinal);
        Assert.Contains("<service-unavailable ", await AskAsync(phone, "<enable xmlns='urn:xmpp:push:0' jid='a.example'/>", "error", "romeo@capulet.example"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Of_too_many_those_not_renewed_for_the_longest_time_go()
    {
        await _stage.DisposeAsync();
        _stage = await Stage.OpenAsync(Patient with { Limits = new() { PushRegistrations = 2 } }, _app);
        var phone = await _stage.EnterAsync("juliet", "phone");
        foreach (var node in (string[])["n1", "n2", "n1", "n3"])
        {
            await EnableAsync(phone, node);
            _stage.Time.Advance(TimeSpan.FromSeconds(1));
        }

        var account = await _stage.AccountAsync("juliet");
        Assert.Equal(["n1", "n3"], (await _stage.Server.Store.Push.LoadAsync(account.Id)).Select(registration => registration.Node));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task After_a_restart_what_was_not_told_is_told_and_what_was_told_is_not(bool orderly)
    {
        var phone = await RegisterAsync("phone");
        await phone.Session.EndAsync(EndReason.ClosedByPeer);
        await SayAsync("told");
        Assert.Equal("1", (await _app.NextAsync(_stage)).Count);
        await AppServer.NotedAsync(_stage);
        phone = await _stage.EnterAsync("juliet", "phone");
        await phone.BodyAsync();
        await SayAsync("not told");
        await phone.BodyAsync();
        await SettleAsync();
        await _stage.Server.Store.Log.FlushAsync();
        Assert.True(_app.HasNothing);
        await _stage.RestartAsync(orderly);
        Assert.Equal("1", (await _app.NextAsync(_stage)).Count);
        _stage.Time.Advance(Long);
        Assert.True(_app.HasNothing);
    }

    [Fact]
    public async Task What_is_too_old_is_not_told()
    {
        await _stage.DisposeAsync();
        _stage = await Stage.OpenAsync(Patient with { Push = new() { GiveUpAfter = TimeSpan.FromMinutes(5) } }, _app);
        _romeo = await _stage.EnterAsync("romeo", "orchard");
        await AwayAsync("phone");
        _app.Refusal = StanzaError.ServiceUnavailable;
        await SayAsync("1");
        await _app.NextAsync(_stage);
        await _stage.Server.Store.Log.FlushAsync();
        await _stage.RestartAsync(orderly: false);
        _stage.Time.Advance(TimeSpan.FromMinutes(6));
        while (!_app.HasNothing)
        {
            await _app.NextAsync(_stage);
        }

        _app.Refusal = null;
        _stage.Time.Advance(TimeSpan.FromMinutes(30));
        await _stage.EnterAsync("romeo", "orchard");
        Assert.True(_app.HasNothing);
    }

    [Fact]
    public async Task A_removed_account_wakes_nobody()
    {
        await AwayAsync("phone");
        var account = await _stage.AccountAsync("juliet");
        await _stage.Server.Store.Accounts.RemoveAsync(account.Id);
        await _stage.Server.AccountRemovedAsync(account);
        Assert.Empty(await _stage.Server.Store.Push.LoadAsync(account.Id));
        Assert.False(await _stage.Server.Store.Push.AnyAsync());
    }

    /// <summary>A device that has enabled push and is connected.</summary>
    async Task<Player> RegisterAsync(string resource, bool counting = true, string form = "")
    {
        var phone = await _stage.EnterAsync("juliet", resource, counting);
        await EnableAsync(phone, "n1", form);
        return phone;
    }

    /// <summary>The same, and its session has ended.</summary>
    async Task AwayAsync(string resource, string form = "") => await (await RegisterAsync(resource, form: form)).Session.EndAsync(EndReason.ClosedByPeer);

    static Task<string> EnableAsync(Player phone, string node, string form = "") =>
        AskAsync(phone, $"<enable xmlns='urn:xmpp:push:0' jid='{AppServer.Address}' node='{node}'>{form}</enable>", "result");

    static async Task<string> AskAsync(Player player, string request, string type, string? to = null)
    {
        var id = Guid.NewGuid().ToString("N");
        await player.SendAsync($"<iq type='set' id='{id}'{(to is null ? "" : $" to='{to}'")}>{request}</iq>");
        while (true)
        {
            var stanza = await player.NextAsync();
            if (stanza.Id == id)
            {
                Assert.Equal(type, stanza.Attribute("type"));
                return stanza.ToString();
            }
        }
    }

    async Task SayAsync(string body)
    {
        await _romeo.MessageAsync(Juliet, body);
        await SettleAsync();
    }

    Task SettleAsync() => _romeo.SettleAsync();

    async Task<IEnumerable<string>> DevicesAsync() =>
        (await _stage.Server.Store.Push.LoadAsync((await _stage.AccountAsync("juliet")).Id)).Select(registration => registration.Device);

    /// <summary>Waits until so many registrations are left.</summary>
    async Task UntilAsync(int count)
    {
        for (var begin = TimeProvider.System.GetTimestamp(); (await DevicesAsync()).Count() != count;)
        {
            Assert.True(TimeProvider.System.GetElapsedTime(begin) < Wire.Patience, "The number of registrations did not change.");
        }
    }
}
