using Nyala.Core;
using Nyala.Core.Connections;
using Nyala.Server.Tests.Delivery;
using Xunit;

namespace Nyala.Server.Tests.Features.Push;

/// <summary>A member without a joined session is told of what concerns it (DELIVERY R11, R13).</summary>
public sealed class RoomPushScenes : IAsyncLifetime
{
    const string Room = "verona@rooms.capulet.example";

    static readonly TimeSpan Long = TimeSpan.FromMinutes(2);

    readonly AppServer _app = new();
    Stage _stage = null!;
    Player _romeo = null!;

    public ValueTask InitializeAsync() => OpenAsync(new());

    public ValueTask DisposeAsync() => _stage.DisposeAsync();

    [Fact]
    public async Task In_a_small_private_group_everything_concerns_everybody_but_who_said_it()
    {
        await MakeAsync("");
        var phone = await _stage.EnterAsync("juliet", "phone");
        await EnableAsync(phone);
        await phone.Session.EndAsync(EndReason.ClosedByPeer);
        await EnableAsync(_romeo);
        await SayAsync("good night");
        var pushed = await _app.NextAsync(_stage);
        Assert.Equal(("juliet", "1"), (pushed.Node, pushed.Count));
        Assert.DoesNotContain("night", pushed.Iq.ToString(), StringComparison.Ordinal);
        _stage.Time.Advance(Long);
        await _romeo.SettleAsync();
        Assert.True(_app.HasNothing);
    }

    [Fact]
    public async Task In_a_large_group_only_a_mention_does()
    {
        await _stage.DisposeAsync();
        await OpenAsync(new() { WholeGroups = 0 });
        await MakeAsync("nick='Jule'");
        var phone = await _stage.EnterAsync("juliet", "phone");
        await EnableAsync(phone);
        await phone.Session.EndAsync(EndReason.ClosedByPeer);
        foreach (var body in (string[])["good night", "the Juleps are good", "juliet, not by that name"])
        {
            await SayAsync(body);
        }

        _stage.Time.Advance(Long);
        await SayAsync("who calls jule?");
        Assert.Equal("1", (await _app.NextAsync(_stage)).Count);
        _stage.Time.Advance(Long);
        await SayAsync("ask juliet@capulet.example");
        Assert.Equal("2", (await _app.NextAsync(_stage)).Count);
    }

    [Fact]
    public async Task Who_is_in_the_room_is_told_only_of_what_it_does_not_acknowledge()
    {
        await MakeAsync("");
        var phone = await _stage.EnterAsync("juliet", "phone");
        await EnableAsync(phone);
        await phone.SendAsync($"<presence to='{Room}/Juliet'><x xmlns='http://jabber.org/protocol/muc'><history maxstanzas='0'/></x></presence>");
        await phone.SettleAsync();
        await SayAsync("1");
        await HearAsync(phone);
        await phone.AcknowledgeAsync();
        _stage.Time.Advance(Long);
        await _romeo.SettleAsync();
        Assert.True(_app.HasNothing);
        await phone.CutAsync();
        await SayAsync("2");
        _stage.Time.Advance(TimeSpan.FromSeconds(4));
        await _romeo.SettleAsync();
        Assert.True(_app.HasNothing);
        Assert.Equal("1", (await _app.NextAsync(_stage)).Count);
    }

    [Fact]
    public async Task What_is_read_in_the_rooms_archive_needs_no_telling()
    {
        await MakeAsync("");
        var phone = await _stage.EnterAsync("juliet", "phone");
        await EnableAsync(phone);
        await phone.Session.EndAsync(EndReason.ClosedByPeer);
        _app.Refusal = Xmpp.Stanzas.StanzaError.ServiceUnavailable;
        await SayAsync("1");
        await _app.NextAsync(_stage);
        phone = await _stage.EnterAsync("juliet", "phone");
        await phone.SendAsync($"<iq type='set' id='q' to='{Room}'><query xmlns='urn:xmpp:mam:2'/></iq>");
        await HearAsync(phone);

        await phone.AcknowledgeAsync();
        _app.Refusal = null;
        _stage.Time.Advance(Long);
        await _romeo.SettleAsync();
        Assert.True(_app.HasNothing);
    }

    [Fact]
    public async Task After_a_restart_what_was_said_is_told_where_it_was_not()
    {
        await MakeAsync("");
        var phone = await _stage.EnterAsync("juliet", "phone");
        await EnableAsync(phone);
        await phone.SendAsync($"<presence to='{Room}/Juliet'><x xmlns='http://jabber.org/protocol/muc'><history maxstanzas='0'/></x></presence>");
        await phone.SettleAsync();
        await SayAsync("1");
        await HearAsync(phone);
        await _stage.Server.Store.Log.FlushAsync();
        await _stage.RestartAsync(orderly: false);
        Assert.Equal("1", (await _app.NextAsync(_stage)).Count);
        await AppServer.NotedAsync(_stage);
        await _stage.Server.Store.Log.FlushAsync();
        await _stage.RestartAsync(orderly: false);
        _stage.Time.Advance(Long);
        await (await _stage.EnterAsync("romeo", "tomb")).SettleAsync();
        Assert.True(_app.HasNothing);
    }

    async ValueTask OpenAsync(PushOptions options)
    {
        _stage = await Stage.OpenAsync(Stage.Usual with { Push = options, Limits = new() { ProbeAfter = TimeSpan.FromDays(30) } }, _app);
        _romeo = await _stage.EnterAsync("romeo", "orchard");
        await _stage.AccountAsync("juliet");
    }

    /// <summary>Romeo makes a private group, and Juliet a member of it.</summary>
    async Task MakeAsync(string juliet)
    {
        await _romeo.SendAsync(
            $"<presence to='{Room}/Romeo'><x xmlns='http://jabber.org/protocol/muc'/></presence>",
            $"<iq type='set' id='c' to='{Room}'><query xmlns='http://jabber.org/protocol/muc#owner'><x xmlns='jabber:x:data' type='submit'><field var='FORM_TYPE'><value>http://jabber.org/protocol/muc#roomconfig</value></field>"
                + "<field var='muc#roomconfig_membersonly'><value>1</value></field><field var='muc#roomconfig_publicroom'><value>0</value></field></x></query></iq>",
            $"<iq type='set' id='a' to='{Room}'><query xmlns='http://jabber.org/protocol/muc#admin'><item affiliation='member' jid='juliet@capulet.example' {juliet}/></query></iq>");
        await _romeo.SettleAsync();

        // The invitation has come before anybody is woken for anything.
        await _stage.Server.Store.Log.FlushAsync();
    }

    async Task SayAsync(string body)
    {
        await _romeo.SendAsync($"<message type='groupchat' to='{Room}'><body>{body}</body></message>");
        await _romeo.SettleAsync();
    }

    /// <summary>Reads until the first thing that was said; the invitation comes before it.</summary>
    static async Task HearAsync(Player player)
    {
        while (!(await player.NextMessageAsync()).ToString().Contains("<body>1</body>", StringComparison.Ordinal))
        {
        }
    }

    static async Task EnableAsync(Player player)
    {
        await player.SendAsync($"<iq type='set' id='e'><enable xmlns='urn:xmpp:push:0' jid='{AppServer.Address}' node='{player.Session.Jid.Local}'/></iq>");
        await player.SettleAsync();
    }
}
