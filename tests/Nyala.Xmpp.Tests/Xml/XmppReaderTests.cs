using Nyala.Xmpp.Stanzas;
using Nyala.Xmpp.Xml;
using Xunit;

namespace Nyala.Xmpp.Tests.Xml;

public sealed class XmppReaderTests
{
    [Fact]
    public void A_header_tells_its_attributes()
    {
        var results = Reading.Everywhere("<?xml version='1.0'?>\n<stream:stream to=\"example.org\" from='romeo@example.net' id='x&amp;y' xml:lang='de' version='1.0' xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'>");
        Assert.Equal(["open " + new StreamHeader("example.org", "romeo@example.net", "1.0", "de", "x&y", Ns.Client)], results);
    }

    [Fact]
    public void Stanzas_whitespace_and_the_end_are_told_in_order()
    {
        var results = Reading.InStream(" <message id='1'><body>hi</body></message>\n\n<presence/><a xmlns='urn:xmpp:sm:3' h='1'/></stream:stream>");
        Assert.Equal(["<message id='1'><body>hi</body></message>", "<presence/>", "<a xmlns='urn:xmpp:sm:3' h='1'/>", "close"], results);
    }

    [Theory]
    [InlineData("<message xmlns='jabber:client' id='1'><x/></message>", "<message id='1'><x/></message>")]
    [InlineData("<message id='1' xmlns = \"jabber:client\" type='chat'/>", "<message id='1' type='chat'/>")]
    [InlineData("<c:message xmlns:c='jabber:client' id='1'><c:body>x</c:body><q xmlns='urn:q'/></c:message>", "<message id='1'><body>x</body><q xmlns='urn:q'/></message>")]
    [InlineData("<stream:error><x xmlns='urn:x'/></stream:error>", "<error xmlns='http://etherx.jabber.org/streams'><x xmlns='urn:x'/></error>")]
    [InlineData("<message><stream:x/></message>", "<message><x xmlns='http://etherx.jabber.org/streams'/></message>")]
    [InlineData("<message><p:x xmlns:p='urn:p'><p:y/></p:x></message>", "<message><p:x xmlns:p='urn:p'><p:y/></p:x></message>")]
    [InlineData("<message xmlns:p='urn:p'><p:x a='&apos;\"'/></message>", "<message><x xmlns='urn:p' a='&apos;&quot;'/></message>")]
    [InlineData("<message xml:lang='en'><body>a<![CDATA[<b>]]>c</body></message>", "<message xml:lang='en'><body>a<![CDATA[<b>]]>c</body></message>")]
    [InlineData("<message xmlns:p='urn:p' p:a='1' p:b='2'/>", "<message xmlns:n0='urn:p' n0:a='1' n0:b='2'/>")]
    [InlineData("<message><body>größe 🦌 &#x1F98C; &lt;&gt;&amp;&apos;&quot;</body></message>", "<message><body>größe 🦌 &#x1F98C; &lt;&gt;&amp;&apos;&quot;</body></message>")]
    public void Bytes_are_canonical(string sent, string expected) => Assert.Equal([expected], Reading.InStream(sent));

    [Theory]
    [InlineData("<message>", "</presence>", "not-well-formed")]
    [InlineData("<message><body>", "&foo;</body></message>", "restricted-xml")]
    [InlineData("<message>", "<!-- x --></message>", "restricted-xml")]
    [InlineData("", "<!DOCTYPE x>", "restricted-xml")]
    [InlineData("", "<?php x ?>", "restricted-xml")]
    [InlineData("", "hello", "bad-format")]
    [InlineData("", "<p:x/>", "not-well-formed")]
    public void What_is_wrong_has_its_condition(string good, string bad, string condition) => Assert.Equal(["error " + condition], Reading.InStream(good + bad));

    [Fact]
    public void A_stanza_knows_its_parts()
    {
        var stanza = Stanza.Parse("<message from='romeo@example.net/orchard' to='juliet@example.com' id='i&lt;1' type='chat'><body>x</body><active xmlns='urn:a'/></message>"u8.ToArray());
        Assert.Equal((StanzaKind.Message, StanzaType.Chat, "i<1", "juliet@example.com", "romeo@example.net/orchard"), (stanza.Kind, stanza.Type, stanza.Id, stanza.To?.ToString(), stanza.From?.ToString()));
        Assert.Equal([("body", Ns.Client), ("active", "urn:a")], [stanza.ChildName(0), stanza.ChildName(1)]);
        Assert.Equal("<active xmlns='urn:a'/>"u8, stanza.ChildBytes(1).Span);

        var other = stanza.Rewrite(Jid.Parse("a@b/c'd"), null, (name, _) => name == "body", "<z xmlns='urn:z'/><y xmlns='urn:y'>1</y>"u8);
        Assert.Equal("<message from='a@b/c&apos;d' id='i&lt;1' type='chat'><active xmlns='urn:a'/><z xmlns='urn:z'/><y xmlns='urn:y'>1</y></message>", other.ToString());
        Assert.Equal("i<1", other.Id);
        Assert.Equal("<y xmlns='urn:y'>1</y>"u8, other.ChildBytes(2).Span);
    }

    [Fact]
    public void WebSocket_messages_are_one_element_each()
    {
        var results = Reading.Messages("<open xmlns='urn:ietf:params:xml:ns:xmpp-framing' to='example.org' version='1.0'/>", "<message xmlns='jabber:client'><body>x</body></message>", "<close xmlns='urn:ietf:params:xml:ns:xmpp-framing'/>");
        Assert.Equal(["open " + new StreamHeader("example.org", null, "1.0", null, null, Ns.Client), "<message><body>x</body></message>", "close"], results);
    }
}
