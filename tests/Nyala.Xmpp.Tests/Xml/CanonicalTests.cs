using Xunit;

namespace Nyala.Xmpp.Tests.Xml;

public sealed class CanonicalTests
{
    [Theory]
    [InlineData("<message xmlns='jabber:client' id='1'><x/></message>", "<message id='1'><x/></message>")]
    [InlineData("<message id='1' xmlns = \"jabber:client\" type='chat'/>", "<message id='1' type='chat'/>")]
    [InlineData("<message xmlns='jabber:client'/>", "<message/>")]
    [InlineData("<message xmlns='jabber&#58;client'/>", "<message/>")]
    public void The_namespace_everybody_knows_is_left_out(string sent, string expected) => Assert.Equal([expected], Reading.InStream(sent));

    [Theory]
    [InlineData("<c:message xmlns:c='jabber:client' id='1'><c:body>x</c:body><q xmlns='urn:q'/></c:message>", "<message id='1'><body>x</body><q xmlns='urn:q'/></message>")]
    [InlineData("<stream:error><x xmlns='urn:x'/></stream:error>", "<error xmlns='http://etherx.jabber.org/streams'><x xmlns='urn:x'/></error>")]
    [InlineData("<message><stream:x/></message>", "<message><x xmlns='http://etherx.jabber.org/streams'/></message>")]
    [InlineData("<message><x stream:a='1'/></message>", "<message><x xmlns:n0='http://etherx.jabber.org/streams' n0:a='1'/></message>")]
    [InlineData("<message xmlns:p='urn:p'><p:x a='&apos;\"'/></message>", "<message><x xmlns='urn:p' a='&apos;&quot;'/></message>")]
    [InlineData("<message xmlns:p='urn:p' p:a='1' p:b='2' c='3'/>", "<message xmlns:n0='urn:p' n0:a='1' n0:b='2' c='3'/>")]
    [InlineData("<message xmlns:p='urn:p'><a><![CDATA[<x>]]>&amp;\r\n</a></message>", "<message><a>&lt;x&gt;&amp;&#10;</a></message>")]
    [InlineData("<p:a xmlns:p='urn:p' xml:lang='de'><p:b/><c/></p:a>", "<a xmlns='urn:p' xml:lang='de'><b/><c xmlns='jabber:client'/></a>")]
    [InlineData("<message xmlns:p='urn:}p' p:a='1'/>", "<message xmlns:n0='urn:}p' n0:a='1'/>")]
    [InlineData("<xml:message><a/></xml:message>", "<xml:message><a/></xml:message>")]
    [InlineData("<p:a xmlns:p='urn:p'><xml:b><c/></xml:b></p:a>", "<a xmlns='urn:p'><xml:b><c xmlns='jabber:client'/></xml:b></a>")]
    [InlineData("<message xmlns:p='urn:p'><x xmlns='urn:p'><p:y/></x></message>", "<message><x xmlns='urn:p'><y/></x></message>")]
    public void Prefixes_from_outside_are_written_out(string sent, string expected) => Assert.Equal([expected], Reading.InStream(sent));

    [Theory]
    [InlineData("<message><p:x xmlns:p='urn:p'><p:y/></p:x></message>")]
    [InlineData("<message xml:lang='en'><body>a<![CDATA[<b>]]>c</body></message>")]
    [InlineData("<r xmlns='urn:xmpp:sm:3'/>")]
    [InlineData("<foo/>")]
    [InlineData("<message><stream:x xmlns:stream='urn:other'/></message>")]
    public void What_stands_alone_stays_as_it_is(string sent) => Assert.Equal([sent], Reading.InStream(sent));

    [Theory]
    [InlineData("jabber:server", "<message/>", "<message xmlns='jabber:server'/>")]
    [InlineData("jabber:server", "<message xmlns='jabber:client'><body/></message>", "<message><body/></message>")]
    [InlineData("jabber:server", "<r xmlns='urn:xmpp:sm:3'/>", "<r xmlns='urn:xmpp:sm:3'/>")]
    [InlineData("", "<message><body/></message>", "<message xmlns=''><body/></message>")]
    public void Another_content_namespace_is_declared_on_each_stanza(string content, string sent, string expected)
    {
        var declaration = content.Length == 0 ? "" : $" xmlns='{content}'";
        Assert.Equal(expected, Reading.Everywhere($"<stream:stream{declaration} xmlns:stream='http://etherx.jabber.org/streams'>" + sent)[1]);
    }
}
