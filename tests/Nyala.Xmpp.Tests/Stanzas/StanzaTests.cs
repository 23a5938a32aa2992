using System.Buffers;
using System.Text;
using Nyala.Xmpp.Stanzas;
using Nyala.Xmpp.Xml;
using Xunit;

namespace Nyala.Xmpp.Tests.Stanzas;

public sealed class StanzaTests
{
    static Stanza Parse(string xml) => Stanza.Parse(Encoding.UTF8.GetBytes(xml));

    [Fact]
    public void A_stanza_knows_its_parts()
    {
        var stanza = Parse("<message from='romeo@example.net/orchard' to='juliet@example.com' id='i&lt;1' type='chat' xml:lang='en'><body>x</body><active xmlns='urn:a'/></message>");
        Assert.Equal((StanzaKind.Message, StanzaType.Chat, "i<1"), (stanza.Kind, stanza.Type, stanza.Id));
        Assert.Equal(("juliet@example.com", "romeo@example.net/orchard", false), (stanza.To?.ToString(), stanza.From?.ToString(), stanza.MalformedAddress));
        Assert.Equal(("message", Ns.Client, "chat"), (stanza.Name, stanza.Namespace, stanza.TypeText));
        Assert.Equal(("en", "i<1", null), (stanza.Attribute("xml:lang"), stanza.Attribute("id"), stanza.Attribute("lang")));
        Assert.Equal("<body>x</body><active xmlns='urn:a'/>"u8, stanza.Content.Span);
    }

    [Theory]
    [InlineData("<message/>", StanzaKind.Message, StanzaType.None)]
    [InlineData("<message type='normal'/>", StanzaKind.Message, StanzaType.Normal)]
    [InlineData("<message type='groupchat'/>", StanzaKind.Message, StanzaType.Groupchat)]
    [InlineData("<message type='headline'/>", StanzaKind.Message, StanzaType.Headline)]
    [InlineData("<message type='error'/>", StanzaKind.Message, StanzaType.Error)]
    [InlineData("<message type='get'/>", StanzaKind.Message, StanzaType.Unknown)]
    [InlineData("<message type=''/>", StanzaKind.Message, StanzaType.Unknown)]
    [InlineData("<presence/>", StanzaKind.Presence, StanzaType.None)]
    [InlineData("<presence type='unavailable'/>", StanzaKind.Presence, StanzaType.Unavailable)]
    [InlineData("<presence type='subscribe'/>", StanzaKind.Presence, StanzaType.Subscribe)]
    [InlineData("<presence type='subscribed'/>", StanzaKind.Presence, StanzaType.Subscribed)]
    [InlineData("<presence type='unsubscribe'/>", StanzaKind.Presence, StanzaType.Unsubscribe)]
    [InlineData("<presence type='unsubscribed'/>", StanzaKind.Presence, StanzaType.Unsubscribed)]
    [InlineData("<presence type='probe'/>", StanzaKind.Presence, StanzaType.Probe)]
    [InlineData("<presence type='chat'/>", StanzaKind.Presence, StanzaType.Unknown)]
    [InlineData("<iq type='get'/>", StanzaKind.Iq, StanzaType.Get)]
    [InlineData("<iq type='set'/>", StanzaKind.Iq, StanzaType.Set)]
    [InlineData("<iq type='result'/>", StanzaKind.Iq, StanzaType.Result)]
    [InlineData("<iq type='error'/>", StanzaKind.Iq, StanzaType.Error)]
    [InlineData("<iq/>", StanzaKind.Iq, StanzaType.None)]
    [InlineData("<message xmlns='jabber:server'/>", StanzaKind.Nonza, StanzaType.None)]
    [InlineData("<r xmlns='urn:xmpp:sm:3'/>", StanzaKind.Nonza, StanzaType.None)]
    public void Kind_and_type_follow_the_RFC(string xml, StanzaKind kind, StanzaType type)
    {
        var stanza = Parse(xml);
        Assert.Equal((kind, type), (stanza.Kind, stanza.Type));
    }

    [Theory]
    [InlineData("<message to='@example.org'/>")]
    [InlineData("<message to=''/>")]
    [InlineData("<message from='a@b@c/'/>")]
    [InlineData("<message to='good@example.org' from='a b@c'/>")]
    public void A_malformed_address_is_told(string xml)
    {
        var stanza = Parse(xml);
        Assert.True(stanza.MalformedAddress);
    }

    [Fact]
    public void Addresses_are_unescaped_and_prepared()
    {
        var stanza = Parse("<message to='Juliet@Example.COM/it&apos;s &amp; ok'/>");
        Assert.Equal("juliet@example.com/it's & ok", stanza.To?.ToString());
    }

    [Theory]
    [InlineData("<message xmlns='jabber:client' id='abc' type='chat'><body>x</body></message>")]
    [InlineData("<message id='abc' xmlns='jabber:client' type='chat'><body>x</body></message>")]
    [InlineData("<c:message xmlns:c='jabber:client' type='chat' id='abc'><c:body>x</c:body></c:message>")]
    public void Places_are_right_when_bytes_were_left_out(string xml)
    {
        var stanza = Parse(xml);
        Assert.Equal("abc", stanza.Id);
        Assert.Equal("<body>x</body>"u8, stanza.Content.Span);
        Assert.Equal("<body>x</body>"u8, stanza.ChildBytes(0).Span);
        Assert.Equal("chat", stanza.Attribute("type"));
    }

    [Fact]
    public void Children_are_found_by_name_and_namespace()
    {
        var stanza = Parse("<message> <body>a</body>text<p:x xmlns:p='urn:x'><body>b</body></p:x><body xml:lang='de'>c</body><y xmlns='urn:y'/></message>");
        Assert.Equal([("body", Ns.Client), ("x", "urn:x"), ("body", Ns.Client), ("y", "urn:y")], Enumerable.Range(0, stanza.ChildCount).Select(stanza.ChildName));
        Assert.True(stanza.Has("x", "urn:x"));
        Assert.False(stanza.Has("x", Ns.Client));
        Assert.True(stanza.HasNamespace("urn:y"));
        Assert.False(stanza.HasNamespace("urn:z"));
        Assert.Equal("<p:x xmlns:p='urn:x'><body>b</body></p:x>"u8, stanza.ChildBytes(1).Span);
        Assert.Equal("a", stanza.Child("body", Ns.Client)?.Text);
        Assert.Equal("b", stanza.Child("x", "urn:x")?.Child("body", Ns.Client)?.Text);
        Assert.Equal("a", stanza.Payload?.Text);
        Assert.Null(stanza.Child("body", "urn:x"));
        Assert.Null(Parse("<iq/>").Payload);
    }

    [Fact]
    public void A_nonzas_children_stand_alone_too()
    {
        var stanza = Parse("<authenticate xmlns='urn:xmpp:sasl:2' mechanism='PLAIN'><initial-response>AA</initial-response></authenticate>");
        Assert.Equal(("initial-response", "urn:xmpp:sasl:2"), stanza.ChildName(0));
        Assert.Equal("<initial-response xmlns='urn:xmpp:sasl:2'>AA</initial-response>"u8, stanza.ChildBytes(0).Span);
        Assert.Equal("AA", stanza.Child("initial-response", "urn:xmpp:sasl:2")?.Text);
    }

    [Theory]
    [InlineData("")]
    [InlineData("x")]
    [InlineData(" <a/>")]
    [InlineData("<a/> ")]
    [InlineData("<a/><b/>")]
    [InlineData("<a>")]
    [InlineData("<a></b>")]
    [InlineData("<stream:a/>")]
    [InlineData("<![CDATA[x]]>")]
    [InlineData("<!---->")]
    public void Only_one_well_formed_element_parses(string xml) => Assert.Throws<FormatException>(() => Parse(xml));

    [Fact]
    public void Nesting_is_bounded_when_parsing()
    {
        static string Nested(int depth) => string.Concat(Enumerable.Repeat("<a>", depth)) + string.Concat(Enumerable.Repeat("</a>", depth));
        Assert.Equal("a", Parse(Nested(256)).ToElement().Name);
        Assert.Throws<FormatException>(() => Parse(Nested(257)));
    }

    [Fact]
    public void A_tree_becomes_a_stanza_and_back()
    {
        var tree = new Element("iq", Ns.Client).Set("type", "result").Set("id", "<\n>").Add(new Element("query", Ns.Roster).Add("item", "x"));
        var stanza = Stanza.Of(tree);
        Assert.Equal("<iq type='result' id='&lt;&#10;&gt;'><query xmlns='jabber:iq:roster'><item>x</item></query></iq>", stanza.ToString());
        Assert.Equal((StanzaKind.Iq, StanzaType.Result, "<\n>"), (stanza.Kind, stanza.Type, stanza.Id));
        Assert.Equal(tree.ToString(), stanza.ToElement().ToString());
        Assert.Throws<ArgumentException>(() => Stanza.Of(new Element("a b", Ns.Client)));
        Assert.Throws<ArgumentException>(() => Stanza.Of(new Element("a/><b", Ns.Client)));
    }

    [Fact]
    public void Over_WebSocket_the_namespace_is_declared()
    {
        Assert.Equal("<message xmlns='jabber:client' id='1'/>", Written(Parse("<message id='1'/>"), Framing.WebSocket, ""));
        Assert.Equal("<message xmlns='jabber:client' id='1'><x/></message>", Written(Parse("<message id='1'/>"), Framing.WebSocket, "<x/>"));
        Assert.Equal("<r xmlns='urn:xmpp:sm:3'/>", Written(Parse("<r xmlns='urn:xmpp:sm:3'/>"), Framing.WebSocket, ""));
        Assert.Equal("<message id='1'/>", Written(Parse("<message id='1'/>"), Framing.Stream, ""));
        Assert.Equal("<message ><body>a</body><x/></message >", Written(Parse("<message ><body>a</body></message >"), Framing.Stream, "<x/>"));
    }

    static string Written(Stanza stanza, Framing framing, string append)
    {
        var output = new ArrayBufferWriter<byte>();
        stanza.WriteTo(output, framing, Encoding.UTF8.GetBytes(append));
        return Encoding.UTF8.GetString(output.WrittenSpan);
    }
}
