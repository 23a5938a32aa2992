using System.Text;
using Xunit;

namespace Nyala.Xmpp.Tests.Xml;

public sealed class WellFormednessTests
{
    [Theory]
    [InlineData("<message id='1'><body>hi</body></message>")]
    [InlineData("<message id=\"1\" type = 'chat' ><body >hi</body ></message\n>")]
    [InlineData("<message\n\tid='1'\r\n/>")]
    [InlineData("<message a='&lt;&gt;&amp;&apos;&quot;&#9;&#x10FFFF;' b='>' c=\"'\" d='\"'/>")]
    [InlineData("<message><body>a > b ]] ] > &#65;&#x41;&#0000065;</body></message>")]
    [InlineData("<message><body><![CDATA[]]></body><x><![CDATA[<a>&b;]] ]>]]></x></message>")]
    [InlineData("<message><body>größe 🦌 \u0085\u2028\uFFFD\u007F</body></message>")]
    [InlineData("<message><größe ähre='1'/><_x.y-z9/><𐐀/></message>")]
    [InlineData("<message xml:lang='en' xml:space='preserve'/>")]
    [InlineData("<message><p:x xmlns:p='urn:p' p:a='1' a='2'><p:y/></p:x></message>")]
    [InlineData("<message><x xmlns='urn:x' xmlns:xml='http://www.w3.org/XML/1998/namespace'/></message>")]
    [InlineData("<message><p:x xmlns:p='urn:p'><q:y xmlns:q='urn:p' p:a='1' q:b='2'/></p:x></message>")]
    [InlineData("<message><x xmlns=''/></message>")]
    [InlineData("<a xmlns='urn:a'><message/></a>")]
    public void Allowed_XML_passes_unchanged(string stanza) => Assert.Equal([stanza], Reading.InStream(stanza));

    [Theory]
    // Tags.
    [InlineData("<message></presence>")]
    [InlineData("<message></messag>")]
    [InlineData("<message></messages>")]
    [InlineData("<message></message x>")]
    [InlineData("<message></ message>")]
    [InlineData("<message><a><b></a></b></message>")]
    [InlineData("< message/>")]
    [InlineData("<>")]
    [InlineData("<message><></message>")]
    [InlineData("<message></></message>")]
    [InlineData("<message/ >")]
    [InlineData("<message//>")]
    [InlineData("<1/>")]
    [InlineData("<-a/>")]
    [InlineData("<a\u00D7b/>")]
    [InlineData("<a=b/>")]
    [InlineData("<message <body/></message>")]
    // Attributes.
    [InlineData("<message a/>")]
    [InlineData("<message a=/>")]
    [InlineData("<message a=1/>")]
    [InlineData("<message a='1'b='2'/>")]
    [InlineData("<message a='1' a='2'/>")]
    [InlineData("<message 'a'='1'/>")]
    [InlineData("<message a='<'/>")]
    [InlineData("<message a='&'/>")]
    [InlineData("<message a='&amp'/>")]
    [InlineData("<message =''/>")]
    // References.
    [InlineData("<message>&</message>")]
    [InlineData("<message>& </message>")]
    [InlineData("<message>&;</message>")]
    [InlineData("<message>&#;</message>")]
    [InlineData("<message>&#x;</message>")]
    [InlineData("<message>&#X41;</message>")]
    [InlineData("<message>&#4a;</message>")]
    [InlineData("<message>&#-1;</message>")]
    [InlineData("<message>&#0;</message>")]
    [InlineData("<message>&#8;</message>")]
    [InlineData("<message>&#xD800;</message>")]
    [InlineData("<message>&#xFFFE;</message>")]
    [InlineData("<message>&#x110000;</message>")]
    [InlineData("<message>&#4294967361;</message>")]
    [InlineData("<message>&#99999999999999999999;</message>")]
    [InlineData("<message>&1x;</message>")]
    [InlineData("<message>&lt</message>")]
    // Characters.
    [InlineData("<message>\0</message>")]
    [InlineData("<message>\u0008</message>")]
    [InlineData("<message>\u001F</message>")]
    [InlineData("<message>\uFFFE</message>")]
    [InlineData("<message>\uFFFF</message>")]
    [InlineData("<message a='\u0001'/>")]
    [InlineData("<message><![CDATA[\u0001]]></message>")]
    [InlineData("<message>]]></message>")]
    [InlineData("<message>ö]]></message>")]
    // Namespaces.
    [InlineData("<p:message/>")]
    [InlineData("<message p:a='1'/>")]
    [InlineData("<message><p:x/></message>")]
    [InlineData("<message><p:x xmlns:p='urn:p'/><p:y/></message>")]
    [InlineData("<message><x xmlns:p='urn:p' xmlns:q='urn:p' p:a='1' q:a='2'/></message>")]
    [InlineData("<message xmlns:p=''/>")]
    [InlineData("<message xmlns:xmlns='urn:x'/>")]
    [InlineData("<message xmlns:xml='urn:x'/>")]
    [InlineData("<message xmlns:p='http://www.w3.org/XML/1998/namespace'/>")]
    [InlineData("<message xmlns='http://www.w3.org/XML/1998/namespace'/>")]
    [InlineData("<message xmlns:p='http://www.w3.org/2000/xmlns/'/>")]
    [InlineData("<message xmlns='http://www.w3.org/2000/xmlns/'/>")]
    [InlineData("<xmlns:message/>")]
    [InlineData("<a:b:c xmlns:a='urn:a'/>")]
    [InlineData("<:a/>")]
    [InlineData("<a: xmlns:a='urn:a'/>")]
    [InlineData("<a:1 xmlns:a='urn:a'/>")]
    [InlineData("<message :a='1'/>")]
    [InlineData("<message xmlns:='urn:a'/>")]
    public void What_is_not_XML_is_not_well_formed(string input) => Assert.Equal(["error not-well-formed"], Reading.InStream(input));

    [Theory]
    [InlineData("<!-- x -->")]
    [InlineData("<message><!-- x --></message>")]
    [InlineData("<!DOCTYPE x>")]
    [InlineData("<message><!ENTITY a 'b'></message>")]
    [InlineData("<?xml version='1.0'?>")]
    [InlineData("<message><?php x ?></message>")]
    [InlineData("<message>&nbsp;</message>")]
    [InlineData("<message a='&nbsp;'/>")]
    [InlineData("<message><![cdata[x]]></message>")]
    public void What_XMPP_forbids_is_restricted(string input) => Assert.Equal(["error restricted-xml"], Reading.InStream(input));

    [Theory]
    [InlineData("hello")]
    [InlineData("<presence/>x<presence/>")]
    [InlineData("&amp;")]
    [InlineData("\uFEFF")]
    [InlineData("<![CDATA[x]]>")]
    public void Text_between_stanzas_cannot_be_processed(string input) => Assert.Equal("error bad-format", Reading.InStream(input)[^1]);

    [Theory]
    [InlineData(0x80)]
    [InlineData(0xC0, 0x80)]
    [InlineData(0xC3)]
    [InlineData(0xE2, 0x82)]
    [InlineData(0xED, 0xA0, 0x80)]
    [InlineData(0xF4, 0x90, 0x80, 0x80)]
    [InlineData(0xFF)]
    public void Broken_UTF8_is_an_unsupported_encoding(params int[] bytes)
    {
        byte[] broken = [.. bytes.Select(value => (byte)value)];
        byte[] header = Encoding.UTF8.GetBytes(Reading.Header);
        Assert.Equal("error unsupported-encoding", Reading.Everywhere([.. header, .. "<message>a"u8, .. broken, .. "</message>"u8])[^1]);
        Assert.Equal("error unsupported-encoding", Reading.Everywhere([.. header, .. "<message a='"u8, .. broken, .. "'/>"u8])[^1]);
        Assert.Equal("error unsupported-encoding", Reading.Everywhere([.. header, .. "<message><![CDATA["u8, .. broken, .. "]]></message>"u8])[^1]);
        Assert.Equal("error unsupported-encoding", Reading.Everywhere([.. header, .. "<mess"u8, .. broken, .. "/>"u8])[^1]);
    }

    [Fact]
    public void Stanzas_whitespace_and_the_end_are_told_in_order()
    {
        var results = Reading.InStream(" <message id='1'><body>hi</body></message>\n\n<presence/><a xmlns='urn:xmpp:sm:3' h='1'/></stream:stream>");
        Assert.Equal(["<message id='1'><body>hi</body></message>", "<presence/>", "<a xmlns='urn:xmpp:sm:3' h='1'/>", "close"], results);
    }
}
