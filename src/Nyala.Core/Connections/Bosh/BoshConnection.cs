using System.Net;
using System.Threading.Channels;
using Nyala.Xmpp;
using Nyala.Xmpp.Xml;

namespace Nyala.Core.Connections.Bosh;

/// <summary>
/// A stream over requests of HTTP (XEP-0124, XEP-0206). To everything behind it it is a WebSocket: each element is a message, and
/// a stream is opened and closed by frames, which the attributes of the wrapper stand for.
/// </summary>
sealed class BoshConnection : TransportConnection
{
    /// <summary>What a request counts as beside what it carries, so that empty ones are not free (R14), in bytes.</summary>
    const int RequestCost = 256;

    readonly Channel<BoshRequest?> _requests = Channel.CreateUnbounded<BoshRequest?>(new() { SingleReader = true });
    readonly Action _released;
    readonly TimerHandle _timer;
    readonly BoshBody _first;
    string? _streamId;
    string? _condition;

    /// <param name="services">What all connections share.</param>
    /// <param name="first">The request for a session.</param>
    /// <param name="rid">Its number.</param>
    /// <param name="remote">Who made it.</param>
    /// <param name="secure">It came encrypted, or from this machine.</param>
    /// <param name="released">Called when the session is over.</param>
    public BoshConnection(ConnectionServices services, BoshBody first, long rid, IPEndPoint? remote, bool secure, Action<string> released)
        : base(services, Framing.WebSocket)
    {
        _first = first;
        Terms = BoshTerms.Of(first);
        Remote = remote;
        IsSecure = secure;
        _released = () => released(Sid);
        var output = new BoshOutput(this);
        Output = output;
        Exchange = new(this, output, Terms, rid);
        _timer = services.Wheel.Create(this);
    }

    /// <summary>What the client names the session by: unpredictable (§7.2).</summary>
    public string Sid { get; } = NewStreamId();

    public BoshTerms Terms { get; }

    public BoshExchange Exchange { get; }

    public override IPEndPoint? Remote { get; }

    // TLS, if any, ends in the HTTP listener or in front of it: there is no channel to bind to.
    public override TlsSession? Tls => null;

    public override bool IsSecure { get; }

    public override bool CanStartTls => false;

    public override bool IsPaused => Exchange.IsPaused;

    /// <summary>Whether it may send as much as a session may.</summary>
    public bool MaySendMuch => IsAuthenticated;

    internal long Now => Services.Time.GetTimestamp();

    public override ValueTask<bool> StartTlsAsync() => throw new NotSupportedException("XEP-0206 §3: TLS is the transport's own.");

    /// <summary>Takes a request; its answer comes in its turn.</summary>
    public BoshRequest Take(long rid, BoshBody body)
    {
        BoshRequest request;
        bool drained;
        lock (Gate)
        {
            request = Exchange.Take(rid, body);
            Exchange.Serve();
            drained = Exchange.TakeDrained();
        }

        Tell(drained);
        return request;
    }

    /// <summary>Whoever waited for the answer to a request has gone.</summary>
    public void Left(BoshRequest request)
    {
        lock (Gate)
        {
            Exchange.Left(request);
        }
    }

    public override void WriteHeader(string from, string? to, string streamId, StreamHeader? header)
    {
        _streamId ??= streamId;
        base.WriteHeader(from, to, streamId, header);
    }

    public override void Due(TimerHandle timer)
    {
        if (timer != _timer)
        {
            base.Due(timer);
            return;
        }

        bool drained;
        lock (Gate)
        {
            Exchange.Due();
            drained = Exchange.TakeDrained();
        }

        Tell(drained);
    }

    public override void Abort(EndReason reason)
    {
        _condition ??= reason switch
        {
            EndReason.TooManyConnections or EndReason.DoesNotRead or EndReason.NotAdmitted => "policy-violation",
            EndReason.Shutdown => "system-shutdown",
            EndReason.ConnectionLost or EndReason.Unresponsive => "item-not-found",
            _ => "undefined-condition",
        };
        base.Abort(reason);
    }

    /// <summary>Cuts the session, telling its requests why.</summary>
    internal void Abort(EndReason reason, string condition)
    {
        _condition = condition;
        Abort(reason);
    }

    internal TimeSpan Since(long moment) => Services.Time.GetElapsedTime(moment);

    /// <summary>See that <see cref="BoshExchange.Due"/> comes. Under the gate.</summary>
    internal void Wake(TimeSpan within) => _timer.Schedule(within > TimeSpan.Zero ? within : TimeSpan.Zero);

    /// <summary>A request is next in order. Under the gate.</summary>
    internal void Feed(BoshRequest request) => _requests.Writer.TryWrite(request);

    /// <summary>The last words are said. Under the gate.</summary>
    internal void Over() => _requests.Writer.TryComplete();

    /// <summary>What the answer to the first request says (§7.2, XEP-0206 §4).</summary>
    internal IEnumerable<(string, string?)> Agreement() =>
    [
        ("sid", Sid),
        ("wait", BoshAnswer.Seconds(Terms.Wait)),
        ("requests", BoshAnswer.Number(Terms.Requests)),
        ("hold", BoshAnswer.Number(Terms.Hold)),
        ("inactivity", BoshAnswer.Seconds(Terms.Inactivity)),
        ("polling", BoshAnswer.Seconds(BoshTerms.Polling)),
        ("maxpause", BoshAnswer.Seconds(BoshTerms.LongestPause)),
        ("ver", Terms.Version),
        ("ack", Terms.Acknowledges ? _first["rid"] : null),
        ("from", Services.Options.Domain),
        ("authid", _streamId),
        ("xmlns:xmpp", Ns.XmppBosh),
        ("xmpp:version", "1.0"),
        ("xmpp:restartlogic", "true"),
    ];

    protected override async Task ReadAllAsync()
    {
        while (!IsOver && await _requests.Reader.WaitToReadAsync())
        {
            while (!IsOver && _requests.Reader.TryRead(out var request))
            {
                if (request is not null)
                {
                    await FeedAsync(request);
                }
            }
        }
    }

    protected override void KillTransport()
    {
        Exchange.Close(_condition!);
        Over();
    }

    protected override void WakeReader() => _requests.Writer.TryWrite(null);

    // The last answer is given: there is nothing else to close.
    protected override ValueTask CloseTransportAsync() => default;

    protected override void Release()
    {
        _timer.Cancel();
        lock (Gate)
        {
            Exchange.Close("item-not-found");
        }

        _released();
    }

    /// <summary>Hands over what a request carries.</summary>
    async ValueTask FeedAsync(BoshRequest request)
    {
        var body = request.Body;
        long bytes = 0;
        if (body == _first || body.Restarts)
        {
            bytes += await FeedElementAsync(Opening(body));
        }

        if (!body.Restarts)
        {
            // XEP-0206 §5: what comes with a restart is ignored.
            foreach (var element in body.Elements)
            {
                bytes += await FeedElementAsync(element);
            }
        }

        if (body.Terminates)
        {
            bytes += await FeedElementAsync(new Element("close", Ns.Framing).ToUtf8());
        }

        await CompleteReadAsync(bytes + RequestCost);
        bool drained;
        lock (Gate)
        {
            Exchange.Fed(request);
            drained = Exchange.TakeDrained();
        }

        Tell(drained);
    }

    async ValueTask<int> FeedElementAsync(byte[] element)
    {
        await FeedAsync(element.AsMemory());
        await FeedEndOfMessageAsync();
        return element.Length;
    }

    /// <summary>The header that a request stands for. A restart need not say again what the first request did.</summary>
    byte[] Opening(BoshBody body) => new Element("open", Ns.Framing)
        .Set("to", body["to"] ?? _first["to"])
        .Set("from", body["from"] ?? _first["from"])
        .Set("version", body.Bosh("version") ?? _first.Bosh("version") ?? "1.0")
        .Set("xml:lang", body["xml:lang"] ?? _first["xml:lang"])
        .ToUtf8("");

    void Tell(bool drained)
    {
        if (drained)
        {
            OutputDrained();
        }
    }
}
