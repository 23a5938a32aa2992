using System.IO.Pipelines;
using System.Net.Security;
using BenchmarkDotNet.Attributes;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Logging.Abstractions;
using Nyala.Core;
using Nyala.Core.Connections;
using Nyala.Core.Diagnostics;
using Nyala.Xmpp.Stanzas;
using Nyala.Xmpp.Xml;

namespace Nyala.Benchmarks.Connections;

/// <summary>
/// One message of 200 bytes into a connection and back out of it, over pipes in memory whose two ends run on one thread: what a
/// connection costs beside the network and beside everything behind it.
/// </summary>
[MemoryDiagnoser]
public class ConnectionBenchmarks
{
    static readonly byte[] Message =
        "<message type='chat' to='juliet@capulet.example' id='0123456789abcdef'><body>But soft, what light through yonder window breaks? It is the east, and Juliet is the sun.</body><active xmlns='http://jabber.org/protocol/chatstates'/></message>"u8.ToArray();

    readonly Pipe _toServer = new(Inline());
    readonly Pipe _toClient = new(Inline());
    readonly Metrics _metrics = new();
    TimerWheel _wheel = null!;

    [GlobalSetup]
    public async Task ConnectAsync()
    {
        _wheel = new(TimeProvider.System, NullLogger.Instance);
        var options = new ServerOptions { Domain = "capulet.example", WebAddress = "https://capulet.example", Limits = new() { RateLimits = false } };
        var services = new ConnectionServices(options, TimeProvider.System, new NoCertificate(), _metrics, NullLogger.Instance, _wheel) { NewHandler = () => new Echo() };
        var server = new Duplex(_toServer.Reader, _toClient.Writer);
        var client = new Duplex(_toClient.Reader, _toServer.Writer);
        _ = new XmppListener(services, directTls: false).OnConnectedAsync(new DefaultConnectionContext("benchmark", server, client));
        await _toServer.Writer.WriteAsync("<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' to='capulet.example' version='1.0'>"u8.ToArray());
        Take();
    }

    [Benchmark]
    public async Task Echo_one_message()
    {
        await _toServer.Writer.WriteAsync(Message);
        Take();
    }

    [GlobalCleanup]
    public void Close()
    {
        _toServer.Writer.Complete();
        _wheel.Dispose();
        _metrics.Dispose();
    }

    void Take()
    {
        if (!_toClient.Reader.TryRead(out var result))
        {
            throw new InvalidOperationException("Nothing came back.");
        }

        _toClient.Reader.AdvanceTo(result.Buffer.End);
    }

    static PipeOptions Inline() => new(readerScheduler: PipeScheduler.Inline, writerScheduler: PipeScheduler.Inline, useSynchronizationContext: false);

    sealed class Duplex(PipeReader input, PipeWriter output) : IDuplexPipe
    {
        public PipeReader Input => input;

        public PipeWriter Output => output;
    }

    sealed class NoCertificate : ICertificates
    {
        public (SslStreamCertificateContext Context, byte[] ServerEndPoint) Current => throw new InvalidOperationException("There is no TLS here.");
    }

    sealed class Echo : IStreamHandler
    {
        public ValueTask OpenedAsync(Connection connection, StreamHeader header)
        {
            connection.Authenticated();
            lock (connection.Gate)
            {
                connection.WriteHeader("capulet.example", null, "1", header);
            }

            return default;
        }

        public ValueTask ReceivedAsync(Connection connection, Stanza stanza)
        {
            lock (connection.Gate)
            {
                connection.Write(stanza);
            }

            return default;
        }

        public void ReadCompleted(Connection connection)
        {
            lock (connection.Gate)
            {
                connection.Flush();
            }
        }

        public void Closed(Connection connection) => connection.End(EndReason.ClosedByPeer);

        public void Ended(Connection connection, EndReason reason)
        {
        }
    }
}
