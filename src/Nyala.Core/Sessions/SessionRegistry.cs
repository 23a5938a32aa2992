using System.Collections.Concurrent;
using System.Security.Cryptography;
using Nyala.Core.Connections;
using Nyala.Core.Diagnostics;
using Nyala.Core.Routing;
using Nyala.Xmpp;
using Nyala.Xmpp.Stanzas;

namespace Nyala.Core.Sessions;

/// <summary>What became of an attempt to resume a stream (XEP-0198 §5).</summary>
/// <param name="Session">The session, already detached from its old connection; null when it cannot be resumed.</param>
/// <param name="Handled">The session's count, or after a failure what is durably known of it; null: not known.</param>
public readonly record struct Resumption(Session? Session, uint? Handled);

/// <summary>All bound sessions of this process: binding, resuming, ending. Safe from any thread.</summary>
public sealed class SessionRegistry
{
    /// <summary>How long a resumption waits for the old connection's stanzas to be committed.</summary>
    static readonly TimeSpan Settling = TimeSpan.FromSeconds(10);

    readonly ConcurrentDictionary<long, Session> _byStream = new();
    readonly NyalaServer _server;

    internal SessionRegistry(NyalaServer server) => _server = server;

    /// <summary>How many sessions there are, hibernated ones included.</summary>
    public int Count => _byStream.Count;

    public IEnumerable<Session> All => _byStream.Values;

    /// <summary>
    /// Binds a resource (RFC 6120 §7). A session that has it already ends with <c>conflict</c> (§7.7.2.2). The new session is
    /// detached until <see cref="Start"/>. Null: the account was removed or disabled, or has too many resources.
    /// </summary>
    /// <param name="account">The authenticated account.</param>
    /// <param name="resource">What the client asked for, prepared; null lets the server choose.</param>
    /// <param name="device">The client's installation id (XEP-0388), or null.</param>
    public async ValueTask<(Session? Session, StanzaError? Error)> BindAsync(LocalAccount account, string? resource, string? device)
    {
        var jid = Jid.FromPrepared(account.Jid.Local, account.Jid.Domain, resource ?? RandomResource());
        while (true)
        {
            Session? other;
            lock (account.Gate)
            {
                if (account.IsRemoved || account.IsDisabled)
                {
                    return (null, StanzaError.NotAllowed);
                }

                other = account.Find(jid.Resource!);
                if (other is null)
                {
                    if (account.Sessions.Length >= _server.Options.Limits.ResourcesPerAccount)
                    {
                        other = OldestHibernated(account);
                        if (other is null)
                        {
                            return (null, StanzaError.ResourceConstraint);
                        }
                    }
                    else
                    {
                        var session = new Session(_server, account, jid, _server.Store.Log.NextStream()) { Device = device };
                        foreach (var handler in _server.Features.SessionBound)
                        {
                            handler(session);
                        }

                        account.Add(session);
                        _byStream[session.StreamNumber] = session;

                        // In case its connection is lost before it is started.
                        session.ArmTimer(_server.Options.Limits.TimeBeforeAuthentication);
                        return (session, null);
                    }
                }
            }

            await other.EndAsync(EndReason.Replaced, StreamError.Conflict with { Text = "Replaced by a new session of the same resource." });
        }
    }

    /// <summary>Hands a bound session its connection: from here on the session reads and writes it.</summary>
    public void Start(Session session, Connection connection) => session.Attach(connection);

    /// <summary>
    /// Takes a stream over from its old connection (XEP-0198 §5). On success the caller sends <c>resumed</c> with the count and
    /// then calls <see cref="Continue"/>.
    /// </summary>
    public async ValueTask<Resumption> ResumeAsync(LocalAccount account, string previous)
    {
        if (!_server.StreamIds.TryDecode(previous, out var owner, out var stream) || owner != account.Id)
        {
            // R3: only its own account may learn anything about a stream.
            return default;
        }

        if (_byStream.TryGetValue(stream, out var session) && session.HasEnded)
        {
            // What it had in flight is pending before the client's next session begins.
            await session.EndAsync(EndReason.ConnectionLost);
            session = null;
        }

        if (session is not { IsResumable: true })
        {
            return new(null, await _server.Store.Log.FindHandledAsync(owner, stream));
        }

        var old = session.Outbox.Connection;
        session.Detach();
        old?.End(EndReason.Resumed, StreamError.Conflict with { Text = "Resumed on another connection." });

        // What the old connection read is counted before the client is told how much that was.
        var settled = session.Pipeline.SettleAsync();
        await Task.WhenAny(settled, Task.Delay(Settling, _server.Time));
        return session.HasEnded || !settled.IsCompleted ? default : new(session, session.Pipeline.Agree());
    }

    /// <summary>
    /// After <c>resumed</c>: takes the client's count and sends the rest again, in order. An error ends the stream.
    /// </summary>
    public StreamError? Continue(Session session, Connection connection, uint handledByClient)
    {
        if (!session.Outbox.Acknowledge(handledByClient, out var sent))
        {
            _ = session.EndAsync(EndReason.ProtocolError);
            return Nonzas.TooHigh(handledByClient, sent);
        }

        // R12: every resumption starts active.
        foreach (var handler in _server.Features.SessionResumed)
        {
            handler(session);
        }

        // It may have ended between the two steps: then there is nothing left to go on with.
        return session.Attach(connection) ? null : StreamError.Reset;
    }

    /// <summary>Ends all sessions of an account, for its removal or a changed password.</summary>
    public async Task EndAllAsync(LocalAccount account, EndReason reason, StreamError error, Session? except = null)
    {
        foreach (var session in account.SessionList)
        {
            if (session != except)
            {
                await session.EndAsync(reason, error);
            }
        }
    }

    /// <summary>R15: every stream gets its last count and system-shutdown.</summary>
    internal Task ShutDownAsync() => Task.WhenAll(_byStream.Values.Select(session => session.IsConnected
        ? session.CloseAsync(EndReason.Shutdown, StreamError.SystemShutdown)
        : session.EndAsync(EndReason.Shutdown)));

    /// <summary>Called by a session that ends: features hear of it while its presence is as it was.</summary>
    internal async Task RemoveAsync(Session session)
    {
        _byStream.TryRemove(session.StreamNumber, out _);
        lock (session.Account.Gate)
        {
            session.Account.Remove(session);
        }

        foreach (var handler in _server.Features.SessionEnding)
        {
            try
            {
                await handler(session);
            }
            catch (Exception e)
            {
                _server.Log.HandlerFailed("session end", e);
            }
        }
    }

    /// <summary>R10: a request that a session will never answer is answered for it.</summary>
    internal void Bounce(Stanza iq)
    {
        if (iq.Type is not (StanzaType.Get or StanzaType.Set) || iq.From is not { } asking || iq.Id == Session.PingId)
        {
            return;
        }

        if (asking.Domain != _server.Options.Domain)
        {
            _server.Router.Answer(iq, StanzaError.ServiceUnavailable);
        }
        else if (asking is { Local: { } local, Resource: { } resource } && _server.Accounts.TryGet(local, out var account) && account.Find(resource) is { } asker)
        {
            asker.SendError(iq, StanzaError.ServiceUnavailable);
        }
    }

    static Session? OldestHibernated(LocalAccount account)
    {
        foreach (var session in account.Sessions)
        {
            if (!session.IsConnected)
            {
                return session;
            }
        }

        return null;
    }

    static string RandomResource() => Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(8));
}
