using System.Text;
using System.Xml;
using System.Xml.Linq;
using FsCheck;
using FsCheck.Fluent;
using Nyala.Xmpp;
using Nyala.Xmpp.Stanzas;
using Nyala.Xmpp.Xml;
using Xunit;

namespace Nyala.Fuzz.Xml;

public sealed class ReaderProperties
{
    /// <summary>How many inputs a property is tried on; the variable asks for a longer run.</summary>
    internal static int Runs => int.TryParse(Environment.GetEnvironmentVariable("NYALA_FUZZ_RUNS"), out var runs) ? runs : 2000;

    static readonly ReaderLimits Small = new(StanzaBytes: 300, Depth: 4, Attributes: 4);

    [Fact]
    public void The_result_is_the_same_however_the_input_is_cut() => Check(
        from stream in Mutation.Streams from cuts in Mutation.Cuts select (stream, cuts),
        input =>
        {
            foreach (var limits in new[] { new ReaderLimits(), Small })
            {
                Assert.Equal(Outcome.Of(input.stream.Bytes, limits).ToString(), Outcome.Of(input.stream.Bytes, limits, input.cuts).ToString());
            }
        });

    [Fact]
    public void Any_bytes_at_all_end_in_a_result() => Check(
        from bytes in Gen.Choose(0, 255).Select(value => (byte)value).ArrayOf() from cuts in Mutation.Cuts select (bytes, cuts),
        input => Assert.Equal(Outcome.Of(input.bytes, Small).ToString(), Outcome.Of(input.bytes, Small, input.cuts).ToString()));

    [Fact]
    public void The_platforms_own_XML_reader_agrees() => Check(Mutation.Streams, stream =>
    {
        var outcome = Outcome.Of(stream.Bytes, new ReaderLimits());
        var (root, complaint) = ReadByPlatform(stream.Bytes);
        if (outcome.End.EndsWith("close ", StringComparison.Ordinal))
        {
            // What follows the end is ours to ignore.
            if (complaint is null)
            {
                Assert.Equal(root!.Elements().Select(Normal), outcome.Stanzas.Select(stanza => Normal(XElement.Parse(AsDocument(stanza), LoadOptions.PreserveWhitespace))));
            }
        }
        else if (outcome.End.EndsWith("not-well-formed", StringComparison.Ordinal) || outcome.End.EndsWith("unsupported-encoding", StringComparison.Ordinal))
        {
            Assert.NotNull(complaint);
        }
    });

    [Fact]
    public void What_is_accepted_is_canonical_and_stays_so() => Check(Mutation.Streams, stream =>
    {
        foreach (var stanza in Outcome.Of(stream.Bytes, new ReaderLimits()).Stanzas)
        {
            Assert.NotEqual(Ns.Client, stanza.Attribute("xmlns"));
            Same(stanza, Stanza.Parse(stanza.Bytes));
            Assert.Equal(stanza.ToElement().ToString(), Stanza.Of(stanza.ToElement()).ToElement().ToString());
            for (var i = 0; i < stanza.ChildCount; i++)
            {
                var child = Stanza.Parse(stanza.ChildBytes(i));
                Assert.Equal(stanza.ChildName(i), (child.Name, child.Namespace));
            }
        }
    });

    [Fact]
    public void What_goes_out_over_WebSocket_is_read_as_the_same() => Check(Mutation.Streams, stream =>
    {
        foreach (var stanza in Outcome.Of(stream.Bytes, new ReaderLimits()).Stanzas.Where(stanza => stanza.Namespace.Length > 0))
        {
            var reader = new XmppReader(Framing.WebSocket, new ReaderLimits());
            Assert.Equal(ReadResult.StreamOpen, reader.Read("<open xmlns='urn:ietf:params:xml:ns:xmpp-framing'/>"u8, out _));
            Assert.Equal(ReadResult.NeedMore, reader.EndOfMessage());
            Assert.Equal(ReadResult.Stanza, reader.Read(Encoding.UTF8.GetBytes(AsDocument(stanza)), out _));
            Same(stanza, reader.Stanza);
        }
    });

    [Fact]
    public void A_rewritten_stanza_is_as_if_it_had_been_read()
    {
        var from = Jid.FromPrepared("a", "b", "<'&\">");
        Check(from stream in Mutation.Streams from drop in Gen.Choose(0, 3) select (stream, drop), input =>
        {
            foreach (var stanza in Outcome.Of(input.stream.Bytes, new ReaderLimits()).Stanzas.Where(stanza => stanza.Kind != StanzaKind.Nonza))
            {
                var rewritten = stanza.Rewrite(from, null, (name, _) => name.Length % 4 == input.drop, "<z xmlns='urn:z'/>"u8);
                Same(Stanza.Parse(rewritten.Bytes), rewritten);
                Assert.Equal(from.Resource, rewritten.From?.Resource);
                Assert.Equal(stanza.Id, rewritten.Id);
            }
        });
    }

    static void Check<T>(Gen<T> inputs, Action<T> property) =>
        Prop.ForAll(inputs.ToArbitrary(), property).Check(Config.QuickThrowOnFailure.WithMaxTest(Runs));

    static void Same(Stanza expected, Stanza actual)
    {
        Assert.Equal(expected.ToString(), actual.ToString());
        Assert.Equal((expected.Kind, expected.Type, expected.TypeText, expected.Id, expected.Name, expected.Namespace), (actual.Kind, actual.Type, actual.TypeText, actual.Id, actual.Name, actual.Namespace));
        Assert.Equal(Children(expected), Children(actual));
        Assert.Equal(expected.Content.ToArray(), actual.Content.ToArray());
    }

    static IEnumerable<string> Children(Stanza stanza) =>
        Enumerable.Range(0, stanza.ChildCount).Select(index => stanza.ChildName(index) + Encoding.UTF8.GetString(stanza.ChildBytes(index).Span));

    /// <summary>The root as the platform reads it, or what it says against it.</summary>
    static (XElement? Root, string? Complaint) ReadByPlatform(byte[] stream)
    {
        try
        {
            using var reader = new StreamReader(new MemoryStream(stream), new UTF8Encoding(false, throwOnInvalidBytes: true), detectEncodingFromByteOrderMarks: false);
            using var xml = XmlReader.Create(reader, new XmlReaderSettings { DtdProcessing = DtdProcessing.Prohibit });
            var root = XDocument.Load(xml, LoadOptions.PreserveWhitespace).Root!;

            // The platform overlooks this rule of Namespaces in XML §3.
            return (root, root.Descendants().Any(element => element.Name.NamespaceName == Ns.Xmlns) ? "An element must not have the prefix xmlns." : null);
        }
        catch (Exception exception) when (exception is XmlException or DecoderFallbackException or ArgumentException)
        {
            return (null, exception.Message);
        }
    }

    static string AsDocument(Stanza stanza)
    {
        var bytes = new System.Buffers.ArrayBufferWriter<byte>();
        stanza.WriteTo(bytes, Framing.WebSocket);
        return Encoding.UTF8.GetString(bytes.WrittenSpan);
    }

    /// <summary>Names, attributes and text, whatever the prefixes: comparable between two trees.</summary>
    static string Normal(XElement element)
    {
        var attributes = element.Attributes().Where(attribute => !attribute.IsNamespaceDeclaration).Select(attribute => $"{attribute.Name}={attribute.Value}").Order(StringComparer.Ordinal);
        var text = new StringBuilder($"[{element.Name} {string.Join(' ', attributes)}|");
        foreach (var node in element.Nodes())
        {
            text.Append(node is XElement child ? Normal(child) : ((XText)node).Value);
        }

        return text.Append(']').ToString();
    }
}
