using System.Text;
using Nyala.Xmpp.Xml;
using Xunit;

namespace Nyala.Xmpp.Tests.Xml;

public sealed class StreamHeaderTests
{
    const string Streams = "xmlns:stream='http://etherx.jabber.org/streams'";

    [Fact]
    public void A_header_tells_its_attributes()
    {
        var results = Reading.Everywhere("<?xml version='1.0'?>\n<stream:stream to=\"example.org\" from='romeo@example.net' id='x&amp;y' xml:lang='de' version='1.0' xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'>");
        Assert.Equal(["open " + new StreamHeader("example.org", "romeo@example.net", "1.0", "de", "x&y", Ns.Client)], results);
    }

    [Theory]
    [InlineData("<stream:stream xmlns='jabber:server' " + Streams + ">", "jabber:server")]
    [InlineData("<stream:stream " + Streams + ">", "")]
    [InlineData("<s:stream xmlns:s='http://etherx.jabber.org/streams' xmlns='jabber:client'>", Ns.Client)]
    [InlineData("<stream xmlns='http://etherx.jabber.org/streams'>", Ns.Streams)]
    [InlineData("\r\n <stream:stream xmlns='jabber:client' " + Streams + ">", Ns.Client)]
    [InlineData("<?xml version=\"1.0\" encoding='utf-8' standalone='yes' ?><stream:stream xmlns='jabber:client' " + Streams + ">", Ns.Client)]
    public void The_content_namespace_is_told_and_not_judged(string header, string expected) =>
        Assert.Equal(["open " + new StreamHeader(null, null, null, null, null, expected)], Reading.Everywhere(header));

    [Theory]
    [InlineData("<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/stream'>", "invalid-namespace")]
    [InlineData("<message><body>x</body></message>", "invalid-namespace")]
    [InlineData("<stream:features " + Streams + ">", "bad-format")]
    [InlineData("<stream:stream xmlns='jabber:client'>", "not-well-formed")]
    [InlineData("<stream:stream " + Streams + " to='a' to='b'>", "not-well-formed")]
    [InlineData("GET / HTTP/1.1\r\n\r\n", "not-well-formed")]
    [InlineData("</stream:stream>", "not-well-formed")]
    [InlineData("\uFEFF<stream:stream " + Streams + ">", "not-well-formed")]
    [InlineData("<!DOCTYPE stream [<!ENTITY x 'y'>]>", "restricted-xml")]
    [InlineData("<!-- hi --><stream:stream " + Streams + ">", "restricted-xml")]
    [InlineData("<?xml-stylesheet href='x'?><stream:stream " + Streams + ">", "restricted-xml")]
    [InlineData("<?php echo ?>", "restricted-xml")]
    [InlineData("<stream:stream " + Streams + " to='&who;'>", "restricted-xml")]
    [InlineData(" <?xml version='1.0'?><stream:stream " + Streams + ">", "not-well-formed")]
    [InlineData("<?xml version='1.0'?><?xml version='1.0'?>", "not-well-formed")]
    [InlineData("<?xml version='1.1'?>", "bad-format")]
    [InlineData("<?xml version='1.0' encoding='ISO-8859-1'?>", "unsupported-encoding")]
    [InlineData("<?xml encoding='UTF-8'?>", "not-well-formed")]
    [InlineData("<?xml encoding='UTF-8' version='1.0'?>", "not-well-formed")]
    [InlineData("<?xml version='1.0' standalone='maybe'?>", "not-well-formed")]
    [InlineData("<?xml version='1.0' color='red'?>", "not-well-formed")]
    [InlineData("<?xml version='1.0'encoding='UTF-8'?>", "not-well-formed")]
    [InlineData("<?xml version=1.0?>", "not-well-formed")]
    [InlineData("<?xml ?>", "not-well-formed")]
    [InlineData("<?xml version='1.0>'?>", "bad-format")]
    public void A_bad_beginning_is_refused(string input, string condition) =>
        Assert.Equal(["error " + condition], Reading.Everywhere(input));

    [Fact]
    public void Another_encoding_is_named_as_the_reason()
    {
        Assert.Equal(["error unsupported-encoding"], Reading.Everywhere([0xFF, 0xFE, .. Encoding.Unicode.GetBytes("<stream")]));
        Assert.Equal(["error unsupported-encoding"], Reading.Everywhere([0xFE, 0xFF, .. Encoding.BigEndianUnicode.GetBytes("<stream")]));
    }

    [Fact]
    public void A_TLS_hello_is_refused_with_its_first_byte()
    {
        var reader = new XmppReader(Framing.Stream, new ReaderLimits());
        Assert.Equal(ReadResult.Error, reader.Read([0x16], out _));
    }

    [Fact]
    public void An_empty_stream_opens_and_closes() =>
        Assert.Equal(["open " + new StreamHeader(null, null, null, null, null, ""), "close"], Reading.Everywhere($"<stream:stream {Streams}/>"));

    [Fact]
    public void The_end_closes_the_stream_and_what_follows_is_ignored()
    {
        Assert.Equal(["close"], Reading.InStream("</stream:stream >  <junk"));
        Assert.Equal(["error not-well-formed"], Reading.InStream("</stream>"));
        Assert.Equal(["error not-well-formed"], Reading.InStream("</stream:stream x='1'>"));
    }

    [Fact]
    public void A_second_header_is_refused_before_its_end_is_awaited() =>
        Assert.Equal(["error bad-format"], Reading.InStream(Reading.Header + "<presence/>"));

    [Fact]
    public void A_header_has_a_limit_of_its_own()
    {
        var reader = new XmppReader(Framing.Stream, new ReaderLimits());
        Assert.Equal(ReadResult.Error, reader.Read(Encoding.UTF8.GetBytes("<stream:stream to='" + new string('a', 10_000)), out _));
        Assert.Equal("policy-violation", reader.Error.Condition);
    }

    [Fact]
    public void After_a_reset_a_new_header_is_expected_and_the_old_streams_whitespace_forgiven()
    {
        var reader = new XmppReader(Framing.Stream, new ReaderLimits());
        List<string> results = [];
        Reading.ReadAll(reader, Encoding.UTF8.GetBytes(Reading.Header + "<auth xmlns='urn:x'/>"), results);
        reader.Reset();
        Reading.ReadAll(reader, Encoding.UTF8.GetBytes("\n<?xml version='1.0'?>" + Reading.Header + "<presence/>"), results);
        Assert.Equal(["open", "<auth xmlns='urn:x'/>", "open", "<presence/>"], results.Select(result => result.StartsWith("open", StringComparison.Ordinal) ? "open" : result));
    }

    [Fact]
    public void A_reset_forgets_half_a_stanza()
    {
        var reader = new XmppReader(Framing.Stream, new ReaderLimits());
        reader.Read(Encoding.UTF8.GetBytes(Reading.Header), out _);
        Assert.False(reader.InsideStanza);
        reader.Read("<message><bo"u8, out _);
        Assert.True(reader.InsideStanza);
        reader.Reset();
        Assert.False(reader.InsideStanza);
        Assert.Equal(ReadResult.StreamOpen, reader.Read(Encoding.UTF8.GetBytes(Reading.Header), out _));
    }
}
