using System.Text;
using BenchmarkDotNet.Attributes;
using Nyala.Xmpp.Stanzas;
using Nyala.Xmpp.Xml;

namespace Nyala.Benchmarks.Xml;

/// <summary>One chat message as phones send it: read whole, read in two pieces, with its namespace as over WebSocket, and through the slow path.</summary>
[MemoryDiagnoser]
public class XmppReaderBenchmarks
{
    const string Header = "<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' version='1.0'>";

    const string Message =
        "<message to='juliet@example.com/balcony.7f3a' id='3c1b7d8e-52a4-4e6c-9d0f-8b2f6e4a1c93' type='chat'>"
        + "<body>But soft, what light through yonder window breaks?</body>"
        + "<active xmlns='http://jabber.org/protocol/chatstates'/><request xmlns='urn:xmpp:receipts'/>"
        + "<origin-id xmlns='urn:xmpp:sid:0' id='3c1b7d8e-52a4-4e6c-9d0f-8b2f6e4a1c93'/></message>";

    static readonly byte[] Plain = Encoding.UTF8.GetBytes(Message);
    static readonly byte[] Declared = Encoding.UTF8.GetBytes(Message.Replace("type='chat'", "type='chat' xmlns='jabber:client'", StringComparison.Ordinal));
    static readonly byte[] Prefixed = Encoding.UTF8.GetBytes(Message.Replace("<message", "<message xmlns:x='urn:x'", StringComparison.Ordinal));
    static readonly byte[] Cyrillic = Encoding.UTF8.GetBytes(Message.Replace("But soft, what light", "Но что за блеск я вижу на балконе", StringComparison.Ordinal));

    readonly XmppReader _reader = new(Framing.Stream, new ReaderLimits());

    public XmppReaderBenchmarks() => _reader.Read(Encoding.UTF8.GetBytes(Header), out _);

    [Benchmark(Baseline = true)]
    public Stanza Whole() => Read(Plain);

    [Benchmark]
    public Stanza InTwoPieces()
    {
        _reader.Read(Plain.AsSpan(0, 150), out _);
        return Read(Plain.AsSpan(150));
    }

    [Benchmark]
    public Stanza WithNamespace() => Read(Declared);

    [Benchmark]
    public Stanza NonAscii() => Read(Cyrillic);

    [Benchmark]
    public Stanza SlowPath() => Read(Prefixed);

    Stanza Read(ReadOnlySpan<byte> input)
    {
        _reader.Read(input, out _);
        return _reader.Stanza;
    }
}
