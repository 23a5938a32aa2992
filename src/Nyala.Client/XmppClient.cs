using System.Collections.Concurrent;
using Nyala.Client.Login;
using Nyala.Client.Transports;
using Nyala.Xmpp;
using Nyala.Xmpp.Stanzas;
using Nyala.Xmpp.Xml;

namespace Nyala.Client;

/// <summary>How a connection came about.</summary>
/// <param name="Resumed">The stream of before goes on (XEP-0198): nothing was missed.</param>
/// <param name="Resent">How many stanzas were sent again because nobody had acknowledged them.</param>
public sealed record Connected(bool Resumed, int Resent);

/// <summary>
/// A small XMPP client that speaks to any server. One object is one device: it may be cut and connect again, resumes its
/// stream where it can, and sends again what was not acknowledged. Safe from any thread.
/// </summary>
public sealed partial class XmppClient : IAsyncDisposable
{
    readonly ClientOptions _options;
    readonly SemaphoreSlim _sending = new(1, 1);
    readonly ConcurrentDictionary<string, TaskCompletionSource<Stanza>> _requests = new(StringComparer.Ordinal);
    readonly ConcurrentDictionary<string, List<Stanza>> _queries = new(StringComparer.Ordinal);
    readonly LoginMemory _memory = new();
    readonly Outbox _outbox = new();
    readonly Inbox _inbox;
    Transport? _transport;
    Task _reading = Task.CompletedTask;
    TaskCompletionSource _acknowledgedAll = new(TaskCreationOptions.RunContinuationsAsynchronously);
    string? _resumptionId;
    bool _managed;
    uint _handled;
    int _sinceAckRequest;
    int _ids;
    readonly string _idPrefix = Guid.NewGuid().ToString("N")[..12];

    public XmppClient(ClientOptions options)
    {
        _options = options;
        _inbox = new Inbox(options.Time);
        Address = Account;
    }

    /// <summary>A stanza that is neither an answer to a request nor part of an archive page. From the reading task, in order, before it counts as handled.</summary>
    public event Action<Stanza>? StanzaReceived;

    /// <summary>The server has acknowledged a stanza. In order, from the reading task or from <see cref="ConnectAsync"/>.</summary>
    public event Action<Stanza>? StanzaAcknowledged;

    /// <summary>The bound address; the account before that.</summary>
    public Jid Address { get; private set; }

    /// <summary>The account.</summary>
    public Jid Account => _options.Account.Bare;

    /// <summary>The stream features last announced.</summary>
    public Element? Features { get; private set; }

    /// <summary>Carbons are enabled on this session.</summary>
    public bool CarbonsEnabled { get; private set; }

    public bool IsConnected => _transport is not null;

    /// <summary>The token for the next login (XEP-0484) is there.</summary>
    public bool HasToken => _memory.Token is not null;

    /// <summary>The stream could be resumed.</summary>
    public bool CanResume => _resumptionId is not null;

    /// <summary>Stanzas sent and not acknowledged yet.</summary>
    public int Unacknowledged => _outbox.Count;

    /// <summary>What has arrived and was not taken by <see cref="NextAsync"/>.</summary>
    public IReadOnlyList<Stanza> Arrived => _inbox.Arrived;

    /// <summary>Completes when the connection has ended, however it did. Never fails.</summary>
    public Task Disconnected => _reading;

    /// <summary>Why the last connection ended, when the server said so.</summary>
    public XmppException? StreamEnd { get; private set; }

    /// <summary>The acknowledgement policy (XEP-0198): on after a login with stream management.</summary>
    public bool IsManaged => _managed;

    /// <summary>Connects, authenticates, and resumes or binds. What was not acknowledged is sent again, before anything else.</summary>
    /// <exception cref="XmppException">The server refused.</exception>
    /// <exception cref="IOException">The connection failed; also SocketException and WebSocketException.</exception>
    public async Task<Connected> ConnectAsync(CancellationToken token = default)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(token);
        using var timer = _options.Time.CreateTimer(_ => limit.Cancel(), null, _options.Timeout, Timeout.InfiniteTimeSpan);
        await _reading;
        await _sending.WaitAsync(limit.Token);
        Transport? transport = null;
        try
        {
            transport = _options.Transport == ClientTransport.WebSocket
                ? await WebSocketTransport.ConnectAsync(_options, limit.Token)
                : await StreamTransport.ConnectAsync(_options, limit.Token);
            var resumption = _resumptionId is null ? null : new Resumption(_resumptionId, _handled);
            var session = await new Negotiation(_options, transport, _memory, resumption, limit.Token).RunAsync();
            var resend = Adopt(session);
            foreach (var stanza in resend)
            {
                await transport.WriteAsync(stanza, limit.Token);
            }

            if (_managed && resend.Length > 0)
            {
                await transport.WriteAsync(new Element("r", Ns.StreamManagement), limit.Token);
            }

            StreamEnd = null;
            _transport = transport;
            _reading = ReadAsync(transport);
            transport = null;
            return new Connected(session.Resumed is not null, resend.Length);
        }
        catch (OperationCanceledException e) when (!token.IsCancellationRequested)
        {
            throw new TimeoutException($"Logging in took longer than {_options.Timeout.TotalSeconds} s.", e);
        }
        finally
        {
            transport?.Dispose();
            _sending.Release();
        }
    }

    /// <summary>
    /// Sends a stanza. With stream management it never fails because of the connection: what a cut swallowed is sent again
    /// when <see cref="ConnectAsync"/> has succeeded.
    /// </summary>
    /// <exception cref="IOException">There is no connection, and no stream management that would send it later.</exception>
    public async Task SendAsync(Stanza stanza, CancellationToken token = default)
    {
        await _sending.WaitAsync(token);
        try
        {
            if (_managed)
            {
                _outbox.Add(stanza);
            }

            if (_transport is not { } transport)
            {
                if (!_managed)
                {
                    throw new IOException("Not connected.");
                }

                return;
            }

            await transport.WriteAsync(stanza, token);
            if (_managed && _options.AckEvery > 0 && ++_sinceAckRequest >= _options.AckEvery)
            {
                _sinceAckRequest = 0;
                await transport.WriteAsync(new Element("r", Ns.StreamManagement), token);
            }
        }
        catch (Exception e) when (_managed && IsLoss(e))
        {
            // Kept in the outbox: sent again on the next connection.
        }
        catch (Exception e) when (IsLoss(e) && e is not IOException)
        {
            throw new IOException("The connection is lost.", e);
        }
        finally
        {
            _sending.Release();
        }
    }

    /// <inheritdoc cref="SendAsync(Stanza, CancellationToken)"/>
    public Task SendAsync(Element element, CancellationToken token = default) => SendAsync(Stanza.Of(element), token);

    /// <summary>Sends an element that is no stanza (XEP-0360), or bytes a test wants to see on the wire.</summary>
    public async Task SendRawAsync(ReadOnlyMemory<byte> bytes, CancellationToken token = default)
    {
        await _sending.WaitAsync(token);
        try
        {
            await (_transport ?? throw new IOException("Not connected.")).WriteAsync(bytes, token);
        }
        finally
        {
            _sending.Release();
        }
    }

    /// <summary>Takes the first stanza that is wanted from what has arrived, waiting for it if need be.</summary>
    /// <param name="wanted">Called under a lock: must be quick.</param>
    /// <param name="timeout">By default <see cref="ClientOptions.Timeout"/>.</param>
    /// <exception cref="TimeoutException">It did not come.</exception>
    public Task<Stanza> NextAsync(Func<Stanza, bool> wanted, TimeSpan? timeout = null, CancellationToken token = default) =>
        _inbox.NextAsync(wanted, timeout ?? _options.Timeout, token);

    /// <summary>Sends an iq of type get or set and waits for its answer, which may be of type error.</summary>
    /// <param name="iq">An id is set when it has none.</param>
    /// <exception cref="TimeoutException">No answer came.</exception>
    public async Task<Stanza> RequestAsync(Element iq, TimeSpan? timeout = null, CancellationToken token = default)
    {
        var id = iq["id"] ?? NewId();
        iq.Set("id", id);
        var answer = new TaskCompletionSource<Stanza>(TaskCreationOptions.RunContinuationsAsynchronously);
        _requests[id] = answer;
        try
        {
            await SendAsync(iq, token);
            return await answer.Task.WaitAsync(timeout ?? _options.Timeout, _options.Time, token);
        }
        catch (TimeoutException e)
        {
            throw new TimeoutException($"No answer to {iq}", e);
        }
        finally
        {
            _requests.TryRemove(id, out _);
        }
    }

    /// <summary>Asks for an acknowledgement and waits until everything sent so far is acknowledged.</summary>
    public async Task AcknowledgedAsync(TimeSpan? timeout = null, CancellationToken token = default)
    {
        Task all;
        await _sending.WaitAsync(token);
        try
        {
            if (_outbox.Count == 0)
            {
                return;
            }

            if (_acknowledgedAll.Task.IsCompleted)
            {
                _acknowledgedAll = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            }

            all = _acknowledgedAll.Task;
            await (_transport ?? throw new IOException("Not connected.")).WriteAsync(new Element("r", Ns.StreamManagement), token);
        }
        finally
        {
            _sending.Release();
        }

        await all.WaitAsync(timeout ?? _options.Timeout, _options.Time, token);
    }

    /// <summary>Closes the stream properly: it cannot be resumed. Waits until the server has closed it too, or the time is up.</summary>
    public async Task DisconnectAsync()
    {
        await _sending.WaitAsync();
        try
        {
            _resumptionId = null;
            if (_transport is { } transport)
            {
                await transport.CloseAsync(CancellationToken.None);
            }
        }
        catch (Exception e) when (IsLoss(e))
        {
            // It is gone; that was the aim.
        }
        finally
        {
            _sending.Release();
        }

        await Task.WhenAny(_reading, Task.Delay(TimeSpan.FromSeconds(2), _options.Time));
        Cut();
        await _reading;
    }

    /// <summary>Kills the connection without a word, as a tunnel or a crash does. The stream can be resumed.</summary>
    public void Cut() => _transport?.Abort();

    /// <summary>Forgets the stream: the next connection binds anew, as after the device itself was restarted.</summary>
    public void ForgetStream() => _resumptionId = null;

    /// <summary>A new id, unique for this client and hard to guess.</summary>
    public string NewId() => $"{_idPrefix}-{Interlocked.Increment(ref _ids):x8}";

    public async ValueTask DisposeAsync()
    {
        Cut();
        await _reading;
        _sending.Dispose();
    }

    /// <summary>Collects the messages of one archive query (XEP-0313 §4) until it is disposed.</summary>
    internal List<Stanza> Collect(string queryId) => _queries[queryId] = [];

    internal void StopCollecting(string queryId) => _queries.TryRemove(queryId, out _);

    /// <summary>Takes over what was negotiated; returns what has to be sent again.</summary>
    Stanza[] Adopt(Negotiated session)
    {
        Features = session.Features;
        var acknowledged = new List<Stanza>();
        Stanza[] resend;
        if (session.Resumed is { } h)
        {
            _outbox.Acknowledge(h, acknowledged);
            resend = _outbox.Waiting();
        }
        else
        {
            if (session.HandledBefore is { } before)
            {
                _outbox.Acknowledge(before, acknowledged);
            }

            // Requests and presence belong to the session that is gone; messages do not.
            resend = [.. _outbox.Restart().Where(stanza => stanza.Kind == StanzaKind.Message)];
            Address = session.Bound!;
            CarbonsEnabled = session.Carbons;
            _handled = 0;
            _managed = session.Managed;
            _resumptionId = session.ResumptionId;
            if (_managed)
            {
                Array.ForEach(resend, _outbox.Add);
            }
        }

        Report(acknowledged);
        return resend;
    }

    static bool IsLoss(Exception e) =>
        e is IOException or System.Net.Sockets.SocketException or ObjectDisposedException or System.Net.WebSockets.WebSocketException or OperationCanceledException or InvalidOperationException;
}
