using System.Globalization;
using System.Xml.Linq;
using Xunit;

namespace Nyala.Server.Tests.Features;

/// <summary>RFC 6121 §2.</summary>
public sealed class RosterScenes
{
    const string Item = "<iq type='set' id='s'><query xmlns='jabber:iq:roster'><item jid='juliet@localhost' name='Juliet'><group>Verona</group></item></query></iq>";

    [Fact]
    public async Task A_contact_is_saved_pushed_to_those_who_asked_for_the_roster_and_removed()
    {
        await using var server = await Scenery.WithAsync("romeo");
        await using var phone = await server.LoginAsync("romeo", "phone");
        await using var laptop = await server.LoginAsync("romeo", "laptop");
        await using var silent = await server.LoginAsync("romeo", "silent");
        const string empty = "<iq type='get' id='g'><query xmlns='jabber:iq:roster'/></iq>";
        await phone.AskAsync(empty, "<iq type='result' id='g'><query xmlns='jabber:iq:roster' ver='-'/></iq>");
        await laptop.AskAsync(empty, "<iq type='result' id='g'/>");
        await phone.SendAsync(Item);
        const string push = "<iq type='set' id='*'><query xmlns='jabber:iq:roster' ver='*'><item jid='juliet@localhost' name='Juliet' subscription='none' ask='-'><group>Verona</group></item></query></iq>";
        await phone.ExpectAsync(push);
        await phone.ExpectAsync("<iq type='result' id='s'/>");
        await laptop.ExpectAsync(push);
        await phone.AskAsync(empty, "<iq type='result' id='g'><query xmlns='jabber:iq:roster'><item jid='juliet@localhost' name='Juliet'/></query></iq>");
        await phone.SendAsync("<iq type='set' id='r'><query xmlns='jabber:iq:roster'><item jid='juliet@localhost' subscription='remove'/></query></iq>");
        await laptop.ExpectAsync("<iq type='set'><query xmlns='jabber:iq:roster'><item jid='juliet@localhost' subscription='remove'/></query></iq>");
        await phone.AwaitAsync("<iq type='result' id='r'/>");
        await silent.ExpectNothingAsync();
    }

    [Fact]
    public async Task A_client_that_knows_a_version_gets_only_what_has_changed()
    {
        await using var server = await Scenery.WithAsync("romeo");
        await using var phone = await server.LoginAsync("romeo", "phone");
        await phone.SendAsync(Item + "<iq type='get' id='g'><query xmlns='jabber:iq:roster' ver=''/></iq>");
        var full = await phone.AwaitAsync("<iq type='result' id='g'><query xmlns='jabber:iq:roster' ver='*'><item jid='juliet@localhost'/></query></iq>");
        var version = full.Descendants(XName.Get("query", "jabber:iq:roster")).Single().Attribute("ver")!.Value;
        var again = string.Create(CultureInfo.InvariantCulture, $"<iq type='get' id='v'><query xmlns='jabber:iq:roster' ver='{version}'/></iq>");
        await phone.AskAsync(again, "<iq type='result' id='v'><absent:query xmlns:absent='!jabber:iq:roster'/></iq>");
        await phone.ExpectNothingAsync();
        await using var laptop = await server.LoginAsync("romeo", "laptop");
        await laptop.AskAsync(Item.Replace("juliet", "nurse", StringComparison.Ordinal), "<iq type='result' id='s'/>");
        await phone.SettleAsync();
        await phone.AskAsync(again, "<iq type='result' id='v'><absent:query xmlns:absent='!jabber:iq:roster'/></iq>");
        await phone.ExpectAsync("<iq type='set'><query xmlns='jabber:iq:roster' ver='*'><item jid='nurse@localhost'/></query></iq>");
        await phone.ExpectNothingAsync();
    }

    [Theory]
    [InlineData("", "bad-request")]
    [InlineData("<item/>", "bad-request")]
    [InlineData("<item jid='a@localhost'/><item jid='b@localhost'/>", "bad-request")]
    [InlineData("<item jid='@localhost'/>", "jid-malformed")]
    [InlineData("<item jid='romeo@localhost'/>", "not-allowed")]
    [InlineData("<item jid='a@localhost'><group>x</group><group>x</group></item>", "bad-request")]
    [InlineData("<item jid='a@localhost'><group/></item>", "not-acceptable")]
    [InlineData("<item jid='nobody@localhost' subscription='remove'/>", "item-not-found")]
    public async Task What_is_wrong_with_a_set_is_named(string items, string condition)
    {
        await using var server = await Scenery.WithAsync("romeo");
        await using var romeo = await server.LoginAsync("romeo", "phone");
        await romeo.AskAsync(
            $"<iq type='set' id='s'><query xmlns='jabber:iq:roster'>{items}</query></iq>",
            $"<iq type='error' id='s'><error><{condition} xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>");
    }

    [Fact]
    public async Task Names_have_a_limit_and_nobody_touches_the_roster_of_another()
    {
        await using var server = await Scenery.WithAsync("romeo", "juliet");
        await using var romeo = await server.LoginAsync("romeo", "phone");
        await romeo.AskAsync(
            $"<iq type='set' id='s'><query xmlns='jabber:iq:roster'><item jid='a@localhost' name='{new string('x', 1024)}'/></query></iq>",
            "<iq type='error' id='s'><error><not-acceptable xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>");
        foreach (var (type, payload) in ((string, string)[])[("get", "<query xmlns='jabber:iq:roster'/>"), ("set", "<query xmlns='jabber:iq:roster'><item jid='a@localhost'/></query>")])
        {
            var other = await romeo.AnswerAsync("juliet@localhost", payload, type);
            Assert.Contains("service-unavailable", other, StringComparison.Ordinal);
            Assert.Equal(await romeo.AnswerAsync("nobody@localhost", payload, type), other);
        }
    }
}
