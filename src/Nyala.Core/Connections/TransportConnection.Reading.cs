// HOT PATH
using Nyala.Core.Diagnostics;
using Nyala.Xmpp;
using Nyala.Xmpp.Stanzas;
using Nyala.Xmpp.Xml;

namespace Nyala.Core.Connections;

// Reading: fields here are touched by the reading task alone, where nothing else is said.
abstract partial class TransportConnection
{
    /// <summary>How long after its login a connection is still treated as one that comes in.</summary>
    static readonly TimeSpan Settling = TimeSpan.FromSeconds(2);

    readonly XmppReader _reader;
    readonly long _startedAt;
    long _received;
    long _settlesAt;
    bool _settled;
    long _budget;
    long _budgetAt;
    bool _counted;
    bool _deaf;
    volatile bool _authenticated;
    volatile bool _peerClosed;

    /// <summary>Set while reading pauses because the peer sent too fast; any thread may complete it.</summary>
    volatile TaskCompletionSource? _slowed;
    TimerHandle? _slowTimer;

    /// <summary>Nothing is to be read any more.</summary>
    protected bool IsOver => _phase == Phase.Gone || (_phase == Phase.Ending && _peerClosed);

    /// <summary>Bytes that were read from the transport and not yet given to the reader.</summary>
    protected long Unread { get; set; }

    protected bool IsAuthenticated => _authenticated;

    /// <summary>Time left to authenticate.</summary>
    protected TimeSpan TimeLeft => Services.Options.Limits.TimeBeforeAuthentication - Services.Time.GetElapsedTime(_startedAt);

    /// <summary>Sets when <see cref="Due"/> comes.</summary>
    protected void SetTimer(TimeSpan after) => _timer.Schedule(after);

    public override void Authenticated()
    {
        _reader.Limits = Services.AfterAuthentication;
        lock (Gate)
        {
            _authenticated = true;
            if (_phase == Phase.Open)
            {
                _timer.Cancel();
            }
        }

        _settlesAt = Services.Time.GetTimestamp() + (long)(Settling.TotalSeconds * Services.Time.TimestampFrequency);
        LeaveAddress();
    }

    /// <summary>The life of a connection: from admission to its end. Never throws.</summary>
    public async Task RunAsync()
    {
        await Services.Lane.Last;
        Services.Metrics.Connections.Add(1);
        Services.Logger.ConnectionOpened(Id, Remote);
        if (!Services.Registry.Add(this))
        {
            End(EndReason.Shutdown, StreamError.SystemShutdown);
        }

        _counted = Services.Addresses.TryEnter(Remote?.Address);
        if (!_counted)
        {
            Services.Logger.ConnectionRefused(Id, Remote, EndReason.TooManyConnections);
            Abort(EndReason.TooManyConnections);
        }

        try
        {
            await ReadAllAsync();
            if (_peerClosed && _phase == Phase.Open)
            {
                // The peer has closed its stream and its half of the socket; our last words, which the handler still works at
                // (a final count of stanzas), can reach it all the same.
                await PauseAsync(EndTime);
            }
        }
        catch (Exception exception) when (IsTransportFailure(exception))
        {
            // A reset, a half-open socket, garbage instead of TLS records: the connection is lost, which is all there is to know.
        }
        catch (Exception exception)
        {
            HandlerFailed(exception);
        }

        await Services.Lane.Last;
        await FinishAsync();
    }

    /// <summary>Reads until the peer is gone or <see cref="IsOver"/>.</summary>
    protected abstract Task ReadAllAsync();

    /// <summary>A new stream begins on the same connection, now encrypted (RFC 6120 §5.4.3.3).</summary>
    protected void ResetReader() => RestartStream();

    /// <summary>Hands over what a piece of input contains.</summary>
    protected async ValueTask FeedAsync(ReadOnlyMemory<byte> input)
    {
        Services.Metrics.BytesReceived.Add(input.Length);
        if (!_authenticated)
        {
            _received += input.Length;
            if (_received > Services.Options.Limits.BytesBeforeAuthentication)
            {
                End(EndReason.TooMuchBeforeAuthentication, StreamError.PolicyViolation with { Text = "Too many bytes before authentication." });
            }
        }

        while (!_deaf && !IsOver)
        {
            var result = _reader.Read(input.Span, out var consumed);
            input = input[consumed..];
            Unread -= consumed;
            if (result == ReadResult.NeedMore)
            {
                return;
            }

            // White space between elements means nothing; go-xmpp sends a line end behind starttls.
            var blank = input.Span.IndexOfAnyExcept(" \t\r\n"u8);
            blank = blank < 0 ? input.Length : blank;
            input = input[blank..];
            Unread -= blank;
            await HandleAsync(result);
        }

        Unread -= input.Length;
    }

    /// <summary>A WebSocket message is complete.</summary>
    protected ValueTask FeedEndOfMessageAsync()
    {
        var result = _deaf || IsOver ? ReadResult.NeedMore : _reader.EndOfMessage();
        return result == ReadResult.NeedMore ? default : HandleAsync(result);
    }

    /// <summary>All that was readable is handed over. Pauses when the peer sends faster than it may.</summary>
    protected ValueTask CompleteReadAsync(long bytes)
    {
        if (_phase == Phase.Open)
        {
            try
            {
                Handler.ReadCompleted(this);
            }
            catch (Exception exception)
            {
                HandlerFailed(exception);
            }
        }

        return Services.Options.Limits.RateLimits ? SlowDownAsync(bytes) : default;
    }

    protected void HandlerFailed(Exception exception)
    {
        Services.Logger.ConnectionFailed(Id, exception);
        End(EndReason.InternalError, StreamError.InternalServerError);
    }

    async ValueTask HandleAsync(ReadResult result)
    {
        try
        {
            switch (result)
            {
                case ReadResult.Stanza when _reader.Stanza is { Name: "error", Namespace: Ns.Streams }:
                    // RFC 6120 §4.9.1.1: it closes the stream, and nothing is to be said about it.
                    Handler.ErrorReceived(this, _reader.Stanza);
                    PeerClosed();
                    break;
                case ReadResult.Stanza when _phase == Phase.Open && !_peerClosed:
                    await Handler.ReceivedAsync(this, _reader.Stanza);
                    break;
                case ReadResult.StreamOpen when _phase == Phase.Open && !_peerClosed:
                    await Handler.OpenedAsync(this, _reader.Header);
                    break;
                case ReadResult.StreamClose:
                    PeerClosed();
                    break;
                case ReadResult.Error:
                    // Nothing behind an error can be understood; it is taken and thrown away until the peer gives up.
                    _deaf = true;
                    End(EndReason.ProtocolError, _reader.Error);
                    break;
            }
        }
        catch (Exception exception)
        {
            HandlerFailed(exception);
        }
    }

    /// <summary>
    /// Whether it is none of a crowd that comes in: it has been logged in for a while. Others wait for the lane before what they
    /// sent is fed, in the one method whose state is there for as long as the connection.
    /// </summary>
    protected bool IsSettled()
    {
        _settled = _settled || (_authenticated && Services.Time.GetTimestamp() >= _settlesAt);
        return _settled;
    }

    void PeerClosed()
    {
        if (!_peerClosed)
        {
            _peerClosed = true;
            if (_phase == Phase.Open)
            {
                Handler.Closed(this);
            }
        }
    }

    /// <summary>A token bucket: whoever empties it is not read from until what it owes is paid off (R14).</summary>
    ValueTask SlowDownAsync(long bytes)
    {
        var limits = Services.Options.Limits;
        var now = Services.Time.GetTimestamp();
        var gained = Services.Time.GetElapsedTime(_budgetAt, now).TotalSeconds * limits.BytesPerSecond;
        _budgetAt = now;
        _budget = (long)Math.Min(limits.BytesBurst, _budget + gained) - bytes;
        if (_budget >= 0 || _phase != Phase.Open)
        {
            return default;
        }

        Services.Metrics.Slowed.Add(1);
        return PauseAsync(TimeSpan.FromSeconds(-_budget / (double)limits.BytesPerSecond));
    }

    async ValueTask PauseAsync(TimeSpan time)
    {
        // Both must be there before the time can be up.
        _slowTimer ??= Services.Wheel.Create(this);
        _slowed = new(TaskCreationOptions.RunContinuationsAsynchronously);
        _slowTimer.Schedule(time);
        if (_phase == Phase.Open)
        {
            await _slowed.Task;
        }

        _slowTimer.Cancel();
        _slowed = null;
    }

    /// <summary>Ends a pause in reading.</summary>
    void Hasten() => _slowed?.TrySetResult();

    void LeaveAddress()
    {
        if (_counted)
        {
            _counted = false;
            Services.Addresses.Leave(Remote?.Address);
        }
    }
}
