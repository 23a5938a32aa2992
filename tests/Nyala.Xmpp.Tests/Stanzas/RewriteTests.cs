using System.Text;
using Nyala.Xmpp.Stanzas;
using Xunit;

namespace Nyala.Xmpp.Tests.Stanzas;

public sealed class RewriteTests
{
    static readonly Jid Romeo = Jid.Parse("romeo@example.net/it's");
    static readonly Jid Juliet = Jid.Parse("juliet@example.com");

    [Theory]
    [InlineData("<message id='1'><body>x</body></message>", "<message from='romeo@example.net/it&apos;s' to='juliet@example.com' id='1'><body>x</body></message>")]
    [InlineData("<message to=\"a@b\"\n id = \"1\" from='c@d'/>", "<message from='romeo@example.net/it&apos;s' to='juliet@example.com'\n id = \"1\"/>")]
    [InlineData("<message to='a@b' xml:lang='de' type='chat' ></message>", "<message from='romeo@example.net/it&apos;s' to='juliet@example.com' xml:lang='de' type='chat'/>")]
    public void Addresses_come_first_and_the_rest_stays(string before, string after) => Assert.Equal(after, Rewritten(before, Romeo, Juliet).ToString());

    [Fact]
    public void An_address_that_is_null_is_left_out()
    {
        var stanza = Rewritten("<message to='a@b' from='c@d' id='1'/>", null, null);
        Assert.Equal("<message id='1'/>", stanza.ToString());
        Assert.Null(stanza.To);
        Assert.Null(stanza.From);
        Assert.Equal("1", stanza.Id);
    }

    [Theory]
    [InlineData("<message/>", "<message xml:lang='d&apos;e'/>")]
    [InlineData("<message to='a@b' id='1'>1<body>x</body><y xmlns='urn:y'/></message>", "<message xml:lang='d&apos;e' to='a@b' id='1'>1<body>x</body><y xmlns='urn:y'/></message>")]
    [InlineData("<message lang='x'><body xml:lang='en'/></message>", "<message xml:lang='d&apos;e' lang='x'><body xml:lang='en'/></message>")]
    [InlineData("<message id='1' xml:lang=''/>", "<message id='1' xml:lang=''/>")]
    public void A_language_is_said_where_none_was(string before, string after)
    {
        var stanza = Parse(before).InLanguage("d'e");
        Assert.Equal(after, stanza.ToString());
        SameAsParsed(stanza);
    }

    [Theory]
    [InlineData("<message><a/><b/><c/></message>", "b", "<z/>", "<message><a/><c/><z/></message>")]
    [InlineData("<message>1<a>x</a>2<a/>3</message>", "a", "", "<message>123</message>")]
    [InlineData("<message><a/></message>", "a", "", "<message/>")]
    [InlineData("<message><a/></message>", "a", "<z>1</z><y xmlns='urn:y'/>", "<message><z>1</z><y xmlns='urn:y'/></message>")]
    [InlineData("<message/>", "a", "<z/>", "<message><z/></message>")]
    [InlineData("<message></message >", "", "<z/>", "<message><z/></message>")]
    public void Children_are_dropped_and_appended(string before, string drop, string append, string after)
    {
        var stanza = Rewritten(before, null, null, (name, _) => name == drop, append);
        Assert.Equal(after, stanza.ToString());
        SameAsParsed(stanza);
    }

    [Fact]
    public void What_is_rewritten_is_as_if_it_had_been_read()
    {
        var stanza = Parse("<message a='1' to='x@y' id='q&amp;' type='chat'>t<body>x</body><p:x xmlns:p='urn:p'/>u</message>");
        var other = stanza.Rewrite(Romeo, Juliet, null, "<z xmlns='urn:z'><q/></z>"u8);
        SameAsParsed(other);
        Assert.Equal("q&", other.Id);
        Assert.Equal("<z xmlns='urn:z'><q/></z>"u8, other.ChildBytes(2).Span);
        Assert.Equal("q&", stanza.Id);
        SameAsParsed(other.Rewrite(null, Romeo, (name, _) => name != "z"));
    }

    [Fact]
    public void A_malformed_address_is_replaced()
    {
        var stanza = Parse("<message to='@'/>");
        Assert.True(stanza.MalformedAddress);
        Assert.False(stanza.Rewrite(Romeo, Juliet).MalformedAddress);
    }

    [Fact]
    public void A_nonza_is_never_rewritten() =>
        Assert.Throws<InvalidOperationException>(() => Parse("<r xmlns='urn:xmpp:sm:3'/>").Rewrite(null, null));

    [Fact]
    public void Only_complete_elements_are_appended()
    {
        Assert.Throws<ArgumentException>(() => Rewritten("<message/>", null, null, null, "<a>"));
        Assert.Throws<ArgumentException>(() => Rewritten("<message/>", null, null, null, "text"));
    }

    static Stanza Parse(string xml) => Stanza.Parse(Encoding.UTF8.GetBytes(xml));

    static Stanza Rewritten(string xml, Jid? from, Jid? to, Func<string, string, bool>? drop = null, string append = "") =>
        Parse(xml).Rewrite(from, to, drop, Encoding.UTF8.GetBytes(append));

    static void SameAsParsed(Stanza stanza)
    {
        var parsed = Stanza.Parse(stanza.Bytes);
        Assert.Equal(parsed.ToString(), stanza.ToString());
        Assert.Equal((parsed.Id, parsed.From, parsed.To, parsed.Type, parsed.ChildCount), (stanza.Id, stanza.From, stanza.To, stanza.Type, stanza.ChildCount));
        Assert.Equal(parsed.Content.Span, stanza.Content.Span);
        for (var i = 0; i < parsed.ChildCount; i++)
        {
            Assert.Equal(parsed.ChildName(i), stanza.ChildName(i));
            Assert.Equal(parsed.ChildBytes(i).Span, stanza.ChildBytes(i).Span);
        }
    }
}
