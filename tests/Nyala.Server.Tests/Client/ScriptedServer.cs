using Xunit;
using System.Buffers;
using System.IO.Pipelines;
using System.Text;
using Nyala.Client;
using Nyala.Xmpp;
using Nyala.Xmpp.Stanzas;
using Nyala.Xmpp.Xml;
using ReadResult = Nyala.Xmpp.Xml.ReadResult;

namespace Nyala.Server.Tests.Client;

/// <summary>A server in memory that says exactly what a test tells it to: the client's behaviour, and nobody else's, is tested.</summary>
sealed class ScriptedServer
{
    Pipe _toClient = new();
    Pipe _toServer = new();
    XmppReader _reader = new(Framing.Stream, new ReaderLimits());

    public ScriptedServer() => Options = new ClientOptions
    {
        Account = Jid.Parse("juliet@capulet.example/balcony"),
        Password = "r0meo",
        Mechanism = "PLAIN",
        Transport = ClientTransport.Plain,
        AckEvery = 0,
        Connect = _ => ValueTask.FromResult(Accept()),
    };

    /// <summary>For clients that reach this server.</summary>
    public ClientOptions Options { get; }

    /// <summary>Ends the connection as seen by the client.</summary>
    public void Cut() => _toClient.Writer.Complete();

    public async Task SayAsync(string xml)
    {
        await _toClient.Writer.WriteAsync(Encoding.UTF8.GetBytes(xml));
    }

    /// <summary>The next element the client sends; stream headers are passed over.</summary>
    public async Task<Stanza> HearAsync()
    {
        while (true)
        {
            var result = await _toServer.Reader.ReadAsync();
            Assert.False(result.IsCompleted && result.Buffer.IsEmpty, "The client has closed the connection.");
            var read = _reader.Read(result.Buffer.ToArray(), out var consumed);
            _toServer.Reader.AdvanceTo(result.Buffer.GetPosition(consumed), read == ReadResult.NeedMore ? result.Buffer.End : result.Buffer.GetPosition(consumed));
            Assert.NotEqual(ReadResult.Error, read);
            if (read == ReadResult.Stanza)
            {
                return _reader.Stanza;
            }
        }
    }

    /// <summary>Hears an element of that name.</summary>
    public async Task<Stanza> HearAsync(string name)
    {
        var heard = await HearAsync();
        Assert.Equal(name, heard.Name);
        return heard;
    }

    /// <summary>Header, PLAIN, header, features with stream management.</summary>
    public async Task AuthenticateAsync()
    {
        await SayAsync(Header + "<stream:features><mechanisms xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><mechanism>PLAIN</mechanism></mechanisms></stream:features>");
        await HearAsync("auth");
        _reader = new XmppReader(Framing.Stream, new ReaderLimits());
        await SayAsync("<success xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>" + Header
            + "<stream:features><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/><sm xmlns='urn:xmpp:sm:3'/></stream:features>");
    }

    /// <summary>Binds and enables stream management.</summary>
    public async Task BindAsync(string streamId)
    {
        await HearAsync("iq");
        await SayAsync("<iq type='result' id='bind'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'><jid>juliet@capulet.example/balcony</jid></bind></iq>");
        await HearAsync("enable");
        await SayAsync($"<enabled xmlns='urn:xmpp:sm:3' resume='true' id='{streamId}'/>");
    }

    /// <summary>A client that is logged in.</summary>
    public async Task<XmppClient> LoggedInAsync()
    {
        var client = new XmppClient(Options);
        var connecting = client.ConnectAsync(TestContext.Current.CancellationToken);
        await AuthenticateAsync();
        await BindAsync("stream-1");
        await connecting;
        return client;
    }

    const string Header = "<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' from='capulet.example' version='1.0' id='x'>";

    Stream Accept()
    {
        _toClient = new Pipe();
        _toServer = new Pipe();
        _reader = new XmppReader(Framing.Stream, new ReaderLimits());
        return new Duplex(_toClient, _toServer.Writer.AsStream());
    }

    sealed class Duplex(Pipe incoming, Stream output) : Stream
    {
        readonly Stream _input = incoming.Reader.AsStream();

        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => true;

        public override long Length => throw new NotSupportedException();

        public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

        public override void Flush() => output.Flush();

        public override int Read(byte[] buffer, int offset, int count) => _input.Read(buffer, offset, count);

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) => _input.ReadAsync(buffer, cancellationToken);

        public override void Write(byte[] buffer, int offset, int count) => output.Write(buffer, offset, count);

        public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        {
            await output.WriteAsync(buffer, cancellationToken);
            await output.FlushAsync(cancellationToken);
        }

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        protected override void Dispose(bool disposing)
        {
            // Disposing the reader alone would leave a read that is under way waiting for ever.
            incoming.Writer.Complete();
            output.Dispose();
            base.Dispose(disposing);
        }
    }
}
