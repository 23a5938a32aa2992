using Nyala.Testing;
using Xunit;

namespace Nyala.Server.Tests.Features;

/// <summary>The small extensions on the wire: ping, version, time, last activity, private XML, vCard.</summary>
public sealed class SmallServiceScenes(SharedServer shared) : Scene(shared)
{
    [Fact]
    public async Task Ping_version_and_time_are_answered()
    {
        var romeo = await LoginAsync(Romeo);
        await AskAsync(romeo, "get", "<ping xmlns='urn:xmpp:ping'/>", to: "localhost");
        await AskAsync(romeo, "get", "<ping xmlns='urn:xmpp:ping'/>");
        await AskAsync(romeo, "get", "<query xmlns='jabber:iq:version'/>", "<query xmlns='jabber:iq:version'><name>Nyala</name><version>*.*</version></query>", "localhost");
        await AskAsync(romeo, "get", "<time xmlns='urn:xmpp:time'/>", "<time xmlns='urn:xmpp:time'><tzo>+00:00</tzo><utc>*T*Z</utc></time>", "localhost");
        await RefusedAsync(romeo, "get", "<unknown xmlns='urn:example'/>", "service-unavailable", "localhost");
    }

    [Fact]
    public async Task Who_does_not_want_to_be_seen_last_is_not()
    {
        var romeo = await ArriveAsync(Romeo);
        var juliet = await ArriveAsync(Juliet);
        const string Last = "<query xmlns='jabber:iq:last'/>";
        await SubscribeAsync(romeo, juliet);
        await ShowAsync(juliet, "false");
        await RefusedAsync(romeo, "get", Last, "service-unavailable", Juliet);
        await AskAsync(juliet, "get", Last, "<query xmlns='jabber:iq:last' seconds='0'/>", Juliet);
        await ShowAsync(juliet, "true");
        await AskAsync(romeo, "get", Last, "<query xmlns='jabber:iq:last' seconds='0'/>", Juliet);
        await ShowAsync(juliet, "false");
        await juliet.SendAsync("</stream:stream>");
        await juliet.ExpectEndAsync();
        await RefusedAsync(romeo, "get", Last, "service-unavailable", Juliet);
    }

    static Task ShowAsync(Wire wire, string shown) => AskAsync(
        wire, "set", $"<pubsub xmlns='http://jabber.org/protocol/pubsub'><publish node='urn:nyala:last-seen:0'><item id='current'><last-seen xmlns='urn:nyala:last-seen:0' shown='{shown}'/></item></publish></pubsub>");

    [Fact]
    public async Task Last_activity_is_for_those_who_see_the_presence()
    {
        var romeo = await ArriveAsync(Romeo);
        var juliet = await ArriveAsync(Juliet);
        const string Last = "<query xmlns='jabber:iq:last'/>";
        await AskAsync(romeo, "get", Last, "<query xmlns='jabber:iq:last' seconds='*'/>", "localhost");
        await RefusedAsync(romeo, "get", Last, "service-unavailable", Juliet);
        await SubscribeAsync(romeo, juliet);
        await AskAsync(romeo, "get", Last, "<query xmlns='jabber:iq:last' seconds='0'/>", Juliet);
        await juliet.SendAsync("<presence type='unavailable'/>");
        await romeo.AwaitAsync($"<presence type='unavailable' from='{juliet.Address}'/>");
        await juliet.AwaitAsync("<presence type='unavailable'/>");
        await AskAsync(romeo, "get", Last, "<query xmlns='jabber:iq:last' seconds='0'/>", Juliet);
        await juliet.SendAsync("</stream:stream>");
        await juliet.ExpectEndAsync();
        await AskAsync(romeo, "get", Last, "<query xmlns='jabber:iq:last' seconds='*'/>", Juliet);
    }

    [Fact]
    public async Task Last_activity_outlives_an_orderly_stop()
    {
        await using var server = await TestServer.StartAsync();
        await server.AddUserAsync("romeo");
        await using var romeo = await server.LoginAsync("romeo", "phone");
        await romeo.SendAsync("</stream:stream>");
        await romeo.ExpectEndAsync();
        await server.StopAsync();
        await server.StartAgainAsync();
        var account = await server.Store.Accounts.FindAsync("romeo");
        Assert.NotNull(await server.Store.Documents.GetAsync(account!.Id, "last", ""));
    }

    [Fact]
    public async Task Private_documents_are_kept_for_their_owner()
    {
        var romeo = await LoginAsync(Romeo);
        const string Document = "<query xmlns='jabber:iq:private'><prefs xmlns='urn:example:prefs'><nick>R</nick></prefs></query>";
        await AskAsync(romeo, "get", "<query xmlns='jabber:iq:private'><prefs xmlns='urn:example:prefs'/></query>", "<query xmlns='jabber:iq:private'><prefs xmlns='urn:example:prefs'/></query>");
        await AskAsync(romeo, "set", Document);
        await AskAsync(romeo, "set", "<query xmlns='jabber:iq:private'><storage xmlns='storage:bookmarks'><url name='Verona'/></storage><other xmlns='urn:example:o'>o</other></query>");
        await AskAsync(romeo, "get", "<query xmlns='jabber:iq:private'><storage xmlns='storage:bookmarks'/></query>", "<query xmlns='jabber:iq:private'><storage xmlns='storage:bookmarks'><url name='Verona'/></storage></query>");
        await AskAsync(romeo, "get", "<query xmlns='jabber:iq:private'><other xmlns='urn:example:o'/></query>", "<query xmlns='jabber:iq:private'><other xmlns='urn:example:o'>o</other></query>");
        var tablet = await LoginAsync(Romeo, "tablet");
        await AskAsync(tablet, "get", "<query xmlns='jabber:iq:private'><prefs xmlns='urn:example:prefs'/></query>", Document);
        await RefusedAsync(romeo, "set", "<query xmlns='jabber:iq:private'/>", "not-acceptable");
        await RefusedAsync(romeo, "get", "<query xmlns='jabber:iq:private'/>", "bad-request");
        await RefusedAsync(romeo, "get", Document, "forbidden", Juliet);
        await RefusedAsync(romeo, "set", $"<query xmlns='jabber:iq:private'><big xmlns='urn:example:big'>{new string('x', 140_000)}</big></query>", "resource-constraint");
    }

    [Fact]
    public async Task A_document_can_be_replaced_when_there_is_no_room_for_another()
    {
        var romeo = await LoginAsync(Romeo);
        static string Documents(int from, int to) =>
            $"<query xmlns='jabber:iq:private'>{string.Concat(Enumerable.Range(from, to - from).Select(i => $"<d{i} xmlns='urn:example'/>"))}</query>";
        var limit = new Core.Limits().Documents;
        await AskAsync(romeo, "set", Documents(0, limit - 1));
        await RefusedAsync(romeo, "set", Documents(limit - 1, limit + 1), "resource-constraint");
        await AskAsync(romeo, "set", Documents(limit - 1, limit));
        await AskAsync(romeo, "set", "<query xmlns='jabber:iq:private'><d0 xmlns='urn:example'>new</d0></query>");
        await AskAsync(romeo, "get", Documents(0, 1), "<query xmlns='jabber:iq:private'><d0 xmlns='urn:example'>new</d0></query>");
        await RefusedAsync(romeo, "set", Documents(0, limit + 1), "resource-constraint");
    }

    [Fact]
    public async Task A_card_is_written_by_its_owner_and_read_by_others()
    {
        var romeo = await LoginAsync(Romeo);
        var juliet = await LoginAsync(Juliet);
        await AskAsync(juliet, "get", "<vCard xmlns='vcard-temp'/>", "<vCard xmlns='vcard-temp'/>");
        await RefusedAsync(romeo, "get", "<vCard xmlns='vcard-temp'/>", "service-unavailable", Juliet);
        await AskAsync(juliet, "set", "<vCard xmlns='vcard-temp'><FN>Juliet</FN></vCard>");
        await AskAsync(romeo, "get", "<vCard xmlns='vcard-temp'/>", "<vCard xmlns='vcard-temp'><FN>Juliet</FN></vCard>", Juliet);
        await RefusedAsync(romeo, "set", "<vCard xmlns='vcard-temp'><FN>Mine</FN></vCard>", "forbidden", Juliet);
        await RefusedAsync(romeo, "set", $"<vCard xmlns='vcard-temp'><NOTE>{new string('x', 140_000)}</NOTE></vCard>", "resource-constraint");
    }
}
