// HOT PATH
using System.Buffers;
using System.Net.WebSockets;
using System.Security.Authentication;
using System.Security.Cryptography;
using Microsoft.AspNetCore.Connections;
using Nyala.Core.Diagnostics;
using Nyala.Xmpp;
using Nyala.Xmpp.Stanzas;
using Nyala.Xmpp.Xml;

namespace Nyala.Core.Connections;

/// <summary>
/// What a TCP connection and a WebSocket have in common: writing and ending (here), reading and its limits
/// (TransportConnection.Reading.cs). Fields below are guarded by <see cref="Connection.Gate"/> where nothing else is said.
/// </summary>
abstract partial class TransportConnection : Connection, ITimerTarget
{
    /// <summary>What every stream of this server declares to be written in (RFC 6120 §4.7.4).</summary>
    internal const string Language = "en";

    /// <summary>How long an ended stream waits for its peer to take what is written and to close its side.</summary>
    internal static readonly TimeSpan EndTime = TimeSpan.FromSeconds(3);

    enum Phase
    {
        Open,

        /// <summary>Our side of the stream is closed; the peer's may still be open.</summary>
        Ending,

        /// <summary>Nothing is written any more.</summary>
        Gone,
    }

    readonly TimerHandle _timer;
    readonly long _slack;
    readonly string _content;
    volatile Phase _phase;
    EndReason _reason;
    bool _headerSent;
    bool _killed;

    /// <param name="services">What all connections share.</param>
    /// <param name="framing">How the stream is framed.</param>
    /// <param name="content">The namespace of the stream's stanzas (RFC 6120 §4.8.2).</param>
    protected TransportConnection(ConnectionServices services, Framing framing, string content = Ns.Client)
    {
        _content = content;
        Services = services;
        Framing = framing;
        var limits = services.Options.Limits;
        _reader = new(framing, services.BeforeAuthentication, betweenServers: content != Ns.Client);
        _budget = limits.BytesBurst;
        _startedAt = _budgetAt = services.Time.GetTimestamp();
        _slack = limits.OutboundBytes + (4L * limits.StanzaBytes);
        _timer = services.Wheel.Schedule(limits.TimeBeforeAuthentication, this);
    }

    internal TransportConnection? NextOpen { get; set; }

    internal TransportConnection? PreviousOpen { get; set; }

    public override Framing Framing { get; }

    public override long Pending => Output?.Pending ?? 0;

    protected ConnectionServices Services { get; }

    /// <summary>Where bytes go; null while nothing may be written, as during a TLS handshake.</summary>
    protected Output? Output { get; set; }

    /// <summary>A new stream id: unpredictable (RFC 6120 §4.7.3).</summary>
    public static string NewStreamId() => Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16));

    /// <summary>What a peer, a network or a closed socket may cause anywhere.</summary>
    internal static bool IsTransportFailure(Exception exception) =>
        exception is IOException or OperationCanceledException or ConnectionAbortedException or WebSocketException
            or ObjectDisposedException or AuthenticationException or InvalidOperationException or System.ComponentModel.Win32Exception;

    public override void Write(Stanza stanza, ReadOnlySpan<byte> append = default)
    {
        if (_phase == Phase.Open && Output is { } output)
        {
            output.BeginMessage();
            stanza.WriteTo(output, Framing, append);
            EndMessage(output);
        }
    }

    public override void Write(ReadOnlySpan<byte> element)
    {
        if (_phase == Phase.Open && Output is { } output)
        {
            output.BeginMessage();
            if (Framing == Framing.WebSocket)
            {
                FramedElement.Write(output, element);
            }
            else
            {
                output.Write(element);
            }

            EndMessage(output);
        }
    }

    public override void Write(ReadOnlySpan<byte> stanza, Jid to)
    {
        if (_phase == Phase.Open && Output is { } output)
        {
            output.BeginMessage();
            FramedElement.Write(output, stanza, to, declares: Framing == Framing.WebSocket);
            EndMessage(output);
        }
    }

    public override void Write(Element element)
    {
        if (_phase == Phase.Open && Output is { } output)
        {
            output.BeginMessage();
            XmlOut.Write(output, element, Framing == Framing.WebSocket ? "" : Ns.Client);
            EndMessage(output);
        }
    }

    public override void Flush() => Output?.Flush();

    public override void WriteHeader(string from, string? to, string streamId, StreamHeader? header)
    {
        if (_phase != Phase.Open || Output is not { } output)
        {
            return;
        }

        _headerSent = true;
        output.BeginMessage();
        if (Framing == Framing.WebSocket)
        {
            output.Write("<open xmlns='urn:ietf:params:xml:ns:xmpp-framing'"u8);
        }
        else
        {
            output.Write("<?xml version='1.0'?><stream:stream"u8);
            XmlOut.Attribute(output, "xmlns", _content);
            if (_content == Ns.Server)
            {
                output.Write(" xmlns:db='jabber:server:dialback'"u8);
            }

            output.Write(" xmlns:stream='http://etherx.jabber.org/streams'"u8);
        }

        if (streamId.Length > 0)
        {
            XmlOut.Attribute(output, "id", streamId);
        }

        XmlOut.Attribute(output, "from", from);
        if (to is not null)
        {
            XmlOut.Attribute(output, "to", to);
        }

        if (_content != Ns.Component)
        {
            // XEP-0114 is older than the version: with one, a component would wait for features.
            XmlOut.Attribute(output, "version", "1.0");
            XmlOut.Attribute(output, "xml:lang", Language);
        }

        output.Write(Framing == Framing.WebSocket ? "/>"u8 : ">"u8);
        output.EndMessage();
    }

    public override void End(EndReason reason, StreamError? error = null)
    {
        lock (Gate)
        {
            if (_phase != Phase.Open)
            {
                return;
            }

            if (Output is null)
            {
                // TLS is being negotiated: nothing can be said.
                Abort(reason);
                return;
            }

            _reason = reason;
            WriteEnd(error);
            if (_phase == Phase.Gone)
            {
                return;
            }

            _phase = Phase.Ending;
            Output.Flush();
            if (_phase == Phase.Ending)
            {
                _timer.Schedule(EndTime);
            }
        }

        Hasten();
        if (_peerClosed)
        {
            WakeReader();
        }
    }

    public override void Abort(EndReason reason)
    {
        lock (Gate)
        {
            if (_phase == Phase.Open)
            {
                _reason = reason;
            }

            _phase = Phase.Gone;
            Kill();
        }

        Hasten();
    }

    public override void RestartStream()
    {
        lock (Gate)
        {
            _headerSent = false;
        }

        _reader.Reset();
    }

    public virtual void Due(TimerHandle timer)
    {
        if (timer == _slowTimer)
        {
            Hasten();
        }
        else if (_phase != Phase.Open)
        {
            EndNow();
        }
        else if (!_authenticated)
        {
            // Without an output it is in the middle of a TLS handshake.
            End(Output is null ? EndReason.TlsFailed : EndReason.NotAuthenticatedInTime, StreamError.ConnectionTimeout);
        }
    }

    /// <summary>
    /// The time of the end is up. A peer that took all and only keeps its own side open sees an end in good order: a reset
    /// would take from it what it has not read yet. Any other is cut.
    /// </summary>
    void EndNow()
    {
        lock (Gate)
        {
            if (_phase != Phase.Ending || _peerClosed || Pending > 0)
            {
                Abort(EndReason.DoesNotRead);
                return;
            }

            _peerClosed = true;
            _timer.Schedule(EndTime);
        }

        WakeReader();
    }

    /// <summary>The transport does not take what is written any more: the peer is gone. Under the gate.</summary>
    internal void OutputFailed() => Abort(EndReason.ConnectionLost);

    /// <summary>Everything that was pending is taken. Not under the gate.</summary>
    internal void OutputDrained()
    {
        if (_phase == Phase.Open)
        {
            try
            {
                Handler.Drained(this);
            }
            catch (Exception exception)
            {
                HandlerFailed(exception);
            }
        }
    }

    /// <summary>Cuts the transport. Called once, under the gate.</summary>
    protected abstract void KillTransport();

    /// <summary>Makes a pending read of the transport return.</summary>
    protected abstract void WakeReader();

    /// <summary>Closes the transport properly, after everything was taken.</summary>
    protected abstract ValueTask CloseTransportAsync();

    /// <summary>Lets go of what the garbage collector would not see the weight of. Called last.</summary>
    protected virtual void Release()
    {
    }

    /// <summary>Ends a connection on which nothing can be said or heard in XMPP, in good order: what is on its way to the peer still goes out.</summary>
    protected void Leave(EndReason reason)
    {
        lock (Gate)
        {
            if (_phase == Phase.Open)
            {
                _reason = reason;
                _phase = Phase.Ending;
                _peerClosed = true;
                _timer.Schedule(EndTime);
            }
        }
    }

    void Kill()
    {
        if (!_killed)
        {
            _killed = true;
            Output?.Fail();
            KillTransport();
        }
    }

    void EndMessage(Output output)
    {
        output.EndMessage();

        // Who writes looks at Pending and holds back; whoever does not is stopped here before memory is.
        if (output.Pending > _slack)
        {
            Abort(EndReason.DoesNotRead);
        }
    }

    void WriteEnd(StreamError? error)
    {
        if (error is not null)
        {
            // RFC 6120 §4.9.1.2: an error is always inside a stream.
            if (!_headerSent)
            {
                WriteHeader(Services.Options.Domain, null, NewStreamId(), null);
            }

            Services.Logger.StreamError(Id, error.Condition);
            Write(error.ToElement());
        }

        if (_headerSent && Output is { } output && _phase == Phase.Open)
        {
            output.BeginMessage();
            output.Write(Framing == Framing.WebSocket ? "<close xmlns='urn:ietf:params:xml:ns:xmpp-framing'/>"u8 : "</stream:stream>"u8);
            output.EndMessage();
        }
    }

    /// <summary>Reading is over: closes what is open, and tells the handler.</summary>
    async Task FinishAsync()
    {
        bool graceful;
        lock (Gate)
        {
            graceful = _phase == Phase.Ending && !_killed;
            if (_phase == Phase.Open)
            {
                _reason = _peerClosed ? EndReason.ClosedByPeer : EndReason.ConnectionLost;
            }

            _phase = Phase.Gone;
            if (!graceful)
            {
                // Else the timer stays: it cuts a transport that cannot get rid of what it took.
                _timer.Cancel();
                Kill();
            }
        }

        try
        {
            if (graceful)
            {
                await (Output?.DrainAsync() ?? Task.CompletedTask);
                await CloseTransportAsync();
            }
        }
        catch (Exception exception) when (IsTransportFailure(exception))
        {
            // Gone is gone.
        }

        lock (Gate)
        {
            // Nothing is left to cut, and what the transport belongs to (a WebSocket's request) ends with us.
            _timer.Cancel();
            _killed = true;
        }

        Release();
        LeaveAddress();
        Services.Registry.Remove(this);
        Services.Metrics.Connections.Add(-1);
        Services.Metrics.ConnectionsEnded.Add(1, new KeyValuePair<string, object?>("reason", Name(_reason)));
        Services.Logger.ConnectionEnded(Id, Remote, _reason);
        try
        {
            Handler.Ended(this, _reason);
        }
        catch (Exception exception)
        {
            Services.Logger.ConnectionFailed(Id, exception);
        }
    }

    // Enum.ToString allocates and reflects; the names are few.
    static string Name(EndReason reason) => ReasonNames[(int)reason];

    static readonly string[] ReasonNames = Enum.GetNames<EndReason>();
}
