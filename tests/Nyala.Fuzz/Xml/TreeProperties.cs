using FsCheck;
using FsCheck.Fluent;
using Nyala.Xmpp;
using Nyala.Xmpp.Stanzas;
using Nyala.Xmpp.Xml;
using Xunit;

namespace Nyala.Fuzz.Xml;

public sealed class TreeProperties
{
    static readonly Gen<string> Names = Gen.Elements("a", "b", "message", "ö", "_x.y-1");
    static readonly Gen<string> Namespaces = Gen.Elements(Ns.Client, "", "urn:a", "urn:<'&\">", Ns.Streams, Ns.Xml);
    static readonly Gen<string> Texts = Gen.Elements('a', ' ', '\n', '\r', '\t', '<', '>', '&', '\'', '"', ']', 'ö', '\u2028', '\uE000').ArrayOf().Select(characters => new string(characters));

    [Fact]
    public void A_tree_written_and_read_is_the_same_tree() =>
        Prop.ForAll(Trees(4).ToArbitrary(), tree => Assert.Equal(Describe(tree), Describe(Stanza.Of(tree).ToElement())))
            .Check(Config.QuickThrowOnFailure.WithMaxTest(ReaderProperties.Runs));

    static Gen<Element> Trees(int depth) =>
        from name in Names
        from ns in Namespaces
        from key in Gen.Elements("x", "xml:lang", "{urn:a}x", "{urn:b}x", "{urn:a}y")
        from values in Texts.Two()
        from text in Texts
        from children in depth == 0 ? Gen.Constant(Array.Empty<Element>()) : Trees(depth - 1).ArrayOf().Resize(3)
        select new Element(name, ns).Set("id", values.Item1).Set(key, values.Item2).Add(children.Take(1)).AddText(text).Add(children.Skip(1));

    static string Describe(Element element)
    {
        var attributes = element.Attributes.Select(pair => pair.Key + "=" + pair.Value);
        var nodes = element.Nodes.Select(node => node is Element child ? Describe(child) : (string)node);
        return $"[{element.Namespace}|{element.Name}|{string.Join(',', attributes)}|{string.Concat(nodes)}]";
    }
}
