using System.Xml.Linq;
using Xunit;

namespace Nyala.Server.Tests.Contacts;

/// <summary>The small extensions on the wire: disco, caps, ping, version, time, last activity, private XML, vCard.</summary>
public sealed class SmallServiceScenes(Stage stage) : Scene(stage)
{
    const string Info = "<query xmlns='http://jabber.org/protocol/disco#info'/>";

    [Fact]
    public async Task The_server_says_what_it_is_and_can()
    {
        var romeo = await LoginAsync(Romeo);
        var features = Features(await AskAsync(romeo, "get", Info, "<query xmlns='http://jabber.org/protocol/disco#info'><identity category='server' type='im'/></query>", "localhost"));
        foreach (var feature in (string[])[
            "http://jabber.org/protocol/disco#info", "http://jabber.org/protocol/disco#items", "urn:xmpp:blocking", "urn:xmpp:carbons:2", "urn:xmpp:ping",
            "jabber:iq:last", "jabber:iq:version", "urn:xmpp:time", "msgoffline", "vcard-temp", "jabber:iq:private", "http://jabber.org/protocol/caps"])
        {
            Assert.Contains(feature, features);
        }

        Assert.DoesNotContain("urn:xmpp:mam:2", features);
    }

    [Fact]
    public async Task An_account_says_what_it_is_to_those_who_see_it()
    {
        var romeo = await ArriveAsync(Romeo);
        var juliet = await ArriveAsync(Juliet);
        const string Registered = "<query xmlns='http://jabber.org/protocol/disco#info'><identity category='account' type='registered'/></query>";
        var features = Features(await AskAsync(romeo, "get", Info, Registered));
        Assert.Contains("urn:xmpp:mam:2", features);
        Assert.Contains("urn:xmpp:sid:0", features);
        await RefusedAsync(romeo, "get", Info, "service-unavailable", Juliet);
        await RefusedAsync(romeo, "get", Info, "service-unavailable", "nobody@localhost");
        await SubscribeAsync(romeo, juliet);
        await AskAsync(romeo, "get", Info, Registered, Juliet);
        await AskAsync(
            romeo, "get", "<query xmlns='http://jabber.org/protocol/disco#items'/>",
            $"<query xmlns='http://jabber.org/protocol/disco#items'><item jid='{juliet.Address}'/></query>", Juliet);
    }

    [Fact]
    public async Task The_hash_in_the_stream_features_stands_for_what_the_server_says()
    {
        var romeo = await Server.ConnectAsync();
        await romeo.OpenAsync();
        var response = Convert.ToBase64String(System.Text.Encoding.UTF8.GetBytes($"\0{Romeo.Split('@')[0]}\0{Testing.TestServer.Password}"));
        await romeo.SendAsync($"<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>{response}</auth>");
        await romeo.ExpectAsync("<success xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>");
        var features = await romeo.OpenAsync();
        var caps = features.Element(XName.Get("c", "http://jabber.org/protocol/caps"))!;
        var hash = features.Element(XName.Get("c", "urn:xmpp:caps"))!.Value;
        await romeo.SendAsync("<iq type='set' id='bind'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></iq>");
        await romeo.ExpectAsync("<iq type='result' id='bind'/>");
        foreach (var node in (string[])[$"{caps.Attribute("node")!.Value}#{caps.Attribute("ver")!.Value}", $"urn:xmpp:caps#sha-256.{hash}"])
        {
            var query = $"<query xmlns='http://jabber.org/protocol/disco#info' node='{node}'/>";
            await AskAsync(romeo, "get", query, query, "localhost");
        }

        await RefusedAsync(romeo, "get", "<query xmlns='http://jabber.org/protocol/disco#info' node='else'/>", "item-not-found", "localhost");
        await romeo.DisposeAsync();
    }

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
    public async Task Private_documents_are_kept_for_their_owner()
    {
        var romeo = await LoginAsync(Romeo);
        const string Document = "<query xmlns='jabber:iq:private'><prefs xmlns='urn:example:prefs'><nick>R</nick></prefs></query>";
        await AskAsync(romeo, "get", "<query xmlns='jabber:iq:private'><prefs xmlns='urn:example:prefs'/></query>", "<query xmlns='jabber:iq:private'><prefs xmlns='urn:example:prefs'/></query>");
        await AskAsync(romeo, "set", Document);
        var tablet = await LoginAsync(Romeo, "tablet");
        await AskAsync(tablet, "get", "<query xmlns='jabber:iq:private'><prefs xmlns='urn:example:prefs'/></query>", Document);
        await RefusedAsync(romeo, "set", "<query xmlns='jabber:iq:private'/>", "not-acceptable");
        await RefusedAsync(romeo, "get", "<query xmlns='jabber:iq:private'/>", "bad-request");
        await RefusedAsync(romeo, "get", Document, "service-unavailable", Juliet);
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
        await RefusedAsync(romeo, "set", "<vCard xmlns='vcard-temp'><FN>Mine</FN></vCard>", "service-unavailable", Juliet);
        await RefusedAsync(romeo, "set", $"<vCard xmlns='vcard-temp'><NOTE>{new string('x', 140_000)}</NOTE></vCard>", "resource-constraint");
    }

    static List<string> Features(XElement result) =>
        [.. result.Elements().Single().Elements().Where(child => child.Name.LocalName == "feature").Select(child => child.Attribute("var")!.Value)];
}
