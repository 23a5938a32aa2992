using System.Buffers;
using System.Net;
using System.Threading.Channels;
using Nyala.Core.Connections;
using Nyala.Xmpp;
using Nyala.Xmpp.Stanzas;
using Nyala.Xmpp.Xml;

namespace Nyala.Server.Tests.Delivery;

/// <summary>A connection without a socket: what was flushed can be read, and the test says how much the socket has not taken.</summary>
sealed class FakeConnection : Connection
{
    readonly List<Stanza> _buffered = [];
    readonly Channel<Stanza> _sent = Channel.CreateUnbounded<Stanza>();
    readonly TaskCompletionSource<(EndReason Reason, StreamError? Error)> _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    long _pending;

    public override IPEndPoint? Remote => null;

    public override Framing Framing => Framing.Stream;

    public override TlsSession? Tls => null;

    public override bool IsSecure => true;

    public override bool CanStartTls => false;

    public override long Pending => Volatile.Read(ref _pending);

    /// <summary>Happens once, on whatever thread writes next, right before it does.</summary>
    public Action? BeforeNextWrite { get; set; }

    /// <summary>Looks at what is about to leave.</summary>
    public Action<IReadOnlyList<Stanza>>? Flushing { get; set; }

    /// <summary>How the stream ended.</summary>
    public Task<(EndReason Reason, StreamError? Error)> Ended => _ended.Task;

    public ChannelReader<Stanza> Sent => _sent.Reader;

    /// <summary>The socket stops taking anything, or goes on.</summary>
    public void SetPending(long bytes)
    {
        Volatile.Write(ref _pending, bytes);
        if (bytes == 0)
        {
            Handler.Drained(this);
        }
    }

    public override void Write(Stanza stanza, ReadOnlySpan<byte> append = default)
    {
        var output = new ArrayBufferWriter<byte>();
        stanza.WriteTo(output, Framing.Stream, append);
        Write(output.WrittenSpan);
    }

    public override void Write(ReadOnlySpan<byte> element)
    {
        var before = BeforeNextWrite;
        BeforeNextWrite = null;
        before?.Invoke();
        if (!_ended.Task.IsCompleted)
        {
            _buffered.Add(Stanza.Parse(element.ToArray()));
        }
    }

    public override void Write(ReadOnlySpan<byte> stanza, Jid to) => Write(Stanza.Parse(stanza.ToArray()).Rewrite(null, to).Bytes.Span);

    public override void Write(Element element) => Write(element.ToUtf8(element.Namespace == Ns.Streams ? "" : Ns.Client));

    public override void Flush()
    {
        Flushing?.Invoke(_buffered);
        foreach (var stanza in _buffered)
        {
            _sent.Writer.TryWrite(stanza);
        }

        _buffered.Clear();
    }

    public override void WriteHeader(string from, string? to, string streamId, StreamHeader? header)
    {
    }

    public override void End(EndReason reason, StreamError? error = null) => Finish(reason, error);

    public override void Abort(EndReason reason) => Finish(reason, null);

    public override void RestartStream()
    {
    }

    public override ValueTask<bool> StartTlsAsync() => new(false);

    public override void Authenticated()
    {
    }

    void Finish(EndReason reason, StreamError? error)
    {
        lock (Gate)
        {
            Flush();
            if (!_ended.TrySetResult((reason, error)))
            {
                return;
            }
        }

        _sent.Writer.TryComplete();
        _ = Task.Run(() => Handler.Ended(this, reason));
    }
}
