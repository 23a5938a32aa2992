using System.Text;
using Nyala.Xmpp.Xml;
using Xunit;

namespace Nyala.Xmpp.Tests.Xml;

public sealed class WebSocketFramingTests
{
    const string Open = "<open xmlns='urn:ietf:params:xml:ns:xmpp-framing' to='example.org' version='1.0' xml:lang='en'/>";
    const string Close = "<close xmlns=\"urn:ietf:params:xml:ns:xmpp-framing\" />";
    static readonly string Opened = "open " + new StreamHeader("example.org", null, "1.0", "en", null, Ns.Client);

    [Fact]
    public void Each_message_is_one_element()
    {
        var results = Reading.Messages(Open, "<message xmlns='jabber:client'><body>x</body></message>", " ", "", "<r xmlns='urn:xmpp:sm:3'/>\n", Close);
        Assert.Equal([Opened, "<message><body>x</body></message>", "<r xmlns='urn:xmpp:sm:3'/>", "close"], results);
    }

    [Theory]
    [InlineData("<presence xmlns='jabber:client'/><presence xmlns='jabber:client'/>")]
    [InlineData("<presence xmlns='jabber:client'/>x")]
    public void Two_things_in_one_message_are_refused_after_the_first(string message) =>
        Assert.Equal([Opened, "<presence/>", "error bad-format"], Reading.Messages(Open, message));

    [Theory]
    [InlineData("<presence xmlns='jabber:client'", "bad-format")]
    [InlineData("<message xmlns='jabber:client'><body>", "bad-format")]
    [InlineData("<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'>", "bad-format")]
    [InlineData("x", "bad-format")]
    [InlineData("</stream:stream>", "not-well-formed")]
    [InlineData("<presence/>", "invalid-namespace")]
    [InlineData(Open, "bad-format")]
    [InlineData("<oops xmlns='urn:ietf:params:xml:ns:xmpp-framing'/>", "bad-format")]
    [InlineData("<?xml version='1.0'?><presence xmlns='jabber:client'/>", "restricted-xml")]
    public void Misuse_after_the_open_is_refused(string message, string condition) =>
        Assert.Equal([Opened, "error " + condition], Reading.Messages(Open, message));

    [Theory]
    [InlineData("<open/>", "invalid-namespace")]
    [InlineData("<presence xmlns='jabber:client'/>", "invalid-namespace")]
    [InlineData("<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'/>", "invalid-namespace")]
    [InlineData("<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'>", "bad-format")]
    [InlineData("hello", "not-well-formed")]
    public void Anything_but_an_open_is_refused_at_first(string message, string condition) =>
        Assert.Equal(["error " + condition], Reading.Messages(message));

    [Fact]
    public void A_message_may_come_in_pieces()
    {
        var reader = new XmppReader(Framing.WebSocket, new ReaderLimits());
        List<string> results = [];
        foreach (var value in Encoding.UTF8.GetBytes(Open))
        {
            Reading.ReadAll(reader, [value], results);
        }

        Assert.Equal(ReadResult.NeedMore, reader.EndOfMessage());
        Assert.Equal([Opened], results);
    }

    [Fact]
    public void A_stanza_does_not_go_on_in_the_next_message() =>
        Assert.Equal([Opened, "error bad-format"], Reading.Messages(Open, "<message xmlns='jabber:client'>", "</message>"));

    [Fact]
    public void After_a_reset_an_open_is_expected_again()
    {
        var reader = new XmppReader(Framing.WebSocket, new ReaderLimits());
        List<string> results = [];
        for (var round = 0; round < 2; round++)
        {
            Reading.ReadAll(reader, Encoding.UTF8.GetBytes(Open), results);
            reader.EndOfMessage();
            reader.Reset();
        }

        Assert.Equal([Opened, Opened], results);
    }

    [Fact]
    public void A_message_has_the_stanzas_limit()
    {
        var reader = new XmppReader(Framing.WebSocket, new ReaderLimits(StanzaBytes: 200));
        Assert.Equal(ReadResult.Error, reader.Read(Encoding.UTF8.GetBytes("<open a='" + new string('x', 200)), out _));
        Assert.Equal("policy-violation", reader.Error.Condition);
        Assert.Equal(ReadResult.Error, reader.EndOfMessage());
        Assert.Equal("policy-violation", reader.Error.Condition);
    }
}
