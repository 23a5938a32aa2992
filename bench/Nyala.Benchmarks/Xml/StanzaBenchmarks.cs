using System.Buffers;
using System.Text;
using BenchmarkDotNet.Attributes;
using Nyala.Xmpp;
using Nyala.Xmpp.Stanzas;
using Nyala.Xmpp.Xml;

namespace Nyala.Benchmarks.Xml;

/// <summary>What the server does to a message between reading and writing it.</summary>
[MemoryDiagnoser]
public class StanzaBenchmarks
{
    static readonly Jid From = Jid.Parse("romeo@example.net/orchard.1");
    static readonly Jid To = Jid.Parse("juliet@example.com/balcony.7f3a");
    static readonly byte[] Id = Encoding.UTF8.GetBytes("<stanza-id xmlns='urn:xmpp:sid:0' by='juliet@example.com' id='01J9ZQ5K3V8X'/>");

    static readonly Stanza Message = Stanza.Parse(Encoding.UTF8.GetBytes(
        "<message to='juliet@example.com/balcony.7f3a' id='3c1b7d8e-52a4-4e6c-9d0f-8b2f6e4a1c93' type='chat'>"
        + "<body>But soft, what light through yonder window breaks?</body>"
        + "<active xmlns='http://jabber.org/protocol/chatstates'/><request xmlns='urn:xmpp:receipts'/>"
        + "<origin-id xmlns='urn:xmpp:sid:0' id='3c1b7d8e-52a4-4e6c-9d0f-8b2f6e4a1c93'/></message>"));

    static readonly Element Tree = Message.ToElement();
    readonly ArrayBufferWriter<byte> _output = new(4096);

    [Benchmark]
    public Stanza RewriteAddresses() => Message.Rewrite(From, To);

    [Benchmark]
    public Stanza RewriteAndAppend() => Message.Rewrite(From, To, static (name, ns) => ns == Ns.StanzaIds && name == "stanza-id", Id);

    [Benchmark]
    public void Write()
    {
        _output.ResetWrittenCount();
        Message.WriteTo(_output, Framing.Stream, Id);
    }

    [Benchmark]
    public Element ToTree() => Message.ToElement();

    [Benchmark]
    public void WriteTree()
    {
        _output.ResetWrittenCount();
        XmlOut.Write(_output, Tree, Ns.Client);
    }
}
