using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Nyala.Core;
using Nyala.Core.Connections;
using Nyala.Core.Diagnostics;
using Nyala.Xmpp.Sasl;
using Nyala.Xmpp.Stanzas;
using Nyala.Xmpp.Xml;

namespace Nyala.Server.Tests.Connections;

/// <summary>Connections without anything behind them: a recording handler, a clock that the test moves.</summary>
sealed class ConnectionFixture : IDisposable
{
    public const string Header = "<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' to='capulet.example' version='1.0'>";

    public ConnectionFixture(Limits? limits = null, Func<IStreamHandler>? handler = null)
    {
        Options = new()
        {
            Domain = "capulet.example",
            WebAddress = "https://capulet.example",
            Limits = limits ?? new(),
        };
        Services = new(Options, Time, Certificates, new Metrics(), NullLogger.Instance, new TimerWheel(Time, NullLogger.Instance))
        {
            NewHandler = handler ?? (() => Handler),
        };
        Clear = new(Services, directTls: false);
        Direct = new(Services, directTls: true);
    }

    public FakeTimeProvider Time { get; } = new();

    public ServerOptions Options { get; }

    public TestCertificates Certificates { get; } = new();

    public ConnectionServices Services { get; }

    public RecordingHandler Handler { get; } = new();

    public XmppListener Clear { get; }

    public XmppListener Direct { get; }

    /// <summary>Waits until a connection is being served, its timers running.</summary>
    public async Task ConnectedAsync()
    {
        while (Services.Registry.Count == 0)
        {
            await Task.Yield();
        }
    }

    public void Dispose()
    {
        Services.Dispose();
        Services.Metrics.Dispose();
    }
}

sealed class TestCertificates : ICertificates
{
    public (SslStreamCertificateContext Context, byte[] ServerEndPoint) Current { get; set; } = Make();

    public static (SslStreamCertificateContext Context, byte[] ServerEndPoint) Make()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=capulet.example", key, HashAlgorithmName.SHA256);
        var certificate = request.CreateSelfSigned(new(2020, 1, 1, 0, 0, 0, TimeSpan.Zero), new(2120, 1, 1, 0, 0, 0, TimeSpan.Zero));
        return (SslStreamCertificateContext.Create(certificate, null, offline: true), ChannelBinding.TlsServerEndPoint(certificate)!);
    }
}

/// <summary>Writes down what it is told, answers every header, and closes when the peer does.</summary>
class RecordingHandler : IStreamHandler
{
    readonly Lock _lock = new();
    readonly List<string> _events = [];
    readonly TaskCompletionSource<EndReason> _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    readonly TaskCompletionSource<Connection> _opened = new(TaskCreationOptions.RunContinuationsAsynchronously);
    readonly TaskCompletionSource _drained = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public IReadOnlyList<string> Events
    {
        get
        {
            lock (_lock)
            {
                return [.. _events];
            }
        }
    }

    public Task<EndReason> Ended => _ended.Task;

    public Task<Connection> Opened => _opened.Task;

    /// <summary>Completes when the handler first hears that everything pending was taken.</summary>
    public Task HasDrained => _drained.Task;

    public virtual ValueTask OpenedAsync(Connection connection, StreamHeader header)
    {
        Note("open " + header.To);
        lock (connection.Gate)
        {
            connection.WriteHeader("capulet.example", header.From, "id", header);
            connection.Flush();
        }

        _opened.TrySetResult(connection);
        return default;
    }

    public virtual ValueTask ReceivedAsync(Connection connection, Stanza stanza)
    {
        Note(stanza.Name);
        return default;
    }

    public virtual void ReadCompleted(Connection connection)
    {
    }

    public virtual void Drained(Connection connection)
    {
        Note("drained");
        _drained.TrySetResult();
    }

    public virtual void Closed(Connection connection)
    {
        Note("closed");
        connection.End(EndReason.ClosedByPeer);
    }

    void IStreamHandler.Ended(Connection connection, EndReason reason)
    {
        Note("ended");
        _ended.SetResult(reason);
    }

    protected void Note(string text)
    {
        lock (_lock)
        {
            _events.Add(text);
        }
    }
}
