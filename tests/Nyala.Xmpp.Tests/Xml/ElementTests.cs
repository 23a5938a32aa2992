using System.Text;
using Nyala.Xmpp.Stanzas;
using Nyala.Xmpp.Xml;
using Xunit;

namespace Nyala.Xmpp.Tests.Xml;

public sealed class ElementTests
{
    static Element Tree(string xml) => Stanza.Parse(Encoding.UTF8.GetBytes(xml)).ToElement();

    [Fact]
    public void Text_runs_and_sections_are_one_text()
    {
        var element = Tree("<a>x &amp; <![CDATA[<y>&amp;]]>\r\nz\r&#13;<b/>w</a>");
        Assert.Equal(["x & <y>&amp;\nz\n\r", "w"], element.Nodes.OfType<string>());
    }

    [Fact]
    public void Attribute_values_are_normalised()
    {
        var element = Tree("<a b='x\ty\r\nz&#10;&lt;' c='ö&#x1F98C;'/>");
        Assert.Equal("x y z\n<", element["b"]);
        Assert.Equal("ö🦌", element["c"]);
    }

    [Fact]
    public void Names_carry_their_namespace()
    {
        var element = Tree("<p:a xmlns:p='urn:p' xmlns='urn:d' p:x='1' y='2' xml:lang='de'><b/><p:c xmlns='urn:e'><d/></p:c></p:a>");
        Assert.True(element.Is("a", "urn:p"));
        Assert.Equal(["{urn:p}x", "y", "xml:lang"], element.Attributes.Select(pair => pair.Key));
        Assert.NotNull(element.Child("b", "urn:d"));
        Assert.NotNull(element.Child("c", "urn:p")?.Child("d", "urn:e"));
    }

    [Fact]
    public void The_streams_own_elements_are_written_with_the_prefix_clients_expect()
    {
        var features = new Element("features", Ns.Streams).Add(new Element("starttls", Ns.Tls)).Add(new Element("x", Ns.Streams));
        Assert.Equal("<stream:features><starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/><x xmlns='http://etherx.jabber.org/streams'/></stream:features>", Encoding.UTF8.GetString(features.ToUtf8()));
        Assert.StartsWith("<stream:features xmlns:stream='http://etherx.jabber.org/streams'><starttls xmlns=", Encoding.UTF8.GetString(features.ToUtf8("")), StringComparison.Ordinal);
        Assert.StartsWith("<features xmlns='http://etherx.jabber.org/streams'><starttls", Stanza.Of(features).ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void A_child_without_a_namespace_says_so() =>
        Assert.Equal("<a xmlns='urn:a'><b xmlns=''/></a>", new Element("a", "urn:a").Add(new Element("b", "")).ToString());

    // Not inline: an attribute's data cannot hold half a surrogate pair.
    public static TheoryData<string, string> OddTexts => new()
    {
        { "a\0b", "a\uFFFDb" },
        { "\uD800", "\uFFFD" },
        { "\uDC00\uD800x", "\uFFFD\uFFFDx" },
        { "🦌\uD83E", "🦌\uFFFD" },
        { "\uFFFE\uFFFF\u001B", "\uFFFD\uFFFD\uFFFD" },
        { "\t\n\r<>&'\"ö", "\t\n\r<>&'\"ö" },
    };

    [Theory]
    [MemberData(nameof(OddTexts))]
    public void Whatever_a_string_holds_the_result_is_XML(string text, string read)
    {
        var element = Tree(new Element("a", Ns.Client).Set("b", text).AddText(text).ToString());
        Assert.Equal(read, element.Text);
        Assert.Equal(read, element["b"]);
    }
}
