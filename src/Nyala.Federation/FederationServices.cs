using Nyala.Core;
using Nyala.Core.Connections;
using Nyala.Core.Diagnostics;
using Nyala.Core.Routing;
using Nyala.Federation.Naming;
using Nyala.Federation.Streams;
using Nyala.Xmpp.Stanzas;

namespace Nyala.Federation;

/// <summary>What all streams with other servers share. Safe from any thread.</summary>
sealed class FederationServices(NyalaServer server, FederationOptions options, byte[] dialbackSecret, ConnectionServices connections)
    : QueueServices(server, options)
{
    /// <summary>Keys that are being asked about at the same time.</summary>
    readonly SemaphoreSlim _verifying = new(64);
    readonly Locator _locator = new(options, server.Time);

    /// <summary>The queue from one of our domains to another, made when there is none; null: there are too many.</summary>
    public required Func<string, string, ValueTask<RemoteQueue?>> Offer { get; init; }

    /// <summary>Another server has answered such a question: our domain, theirs, and the id.</summary>
    public required Action<string, string, string> Answered { get; init; }

    public string Domain => Server.Options.Domain;

    public ConnectionServices Connections => connections;

    public PeerCertificates Certificates { get; } = new(options, server.Time);

    public ResumableStreams Resumable { get; } = new(server.Time, options.DomainPairs);

    public DialbackKeys Keys { get; } = new(dialbackSecret);

    public PeerPolicy Peers => Server.Peers;

    /// <summary>Whether this server talks with another: what is configured, and what administrators have decided since.</summary>
    public bool Allows(string domain) => Options.Allows(domain) && Peers.AllowsDomain(domain);

    /// <summary>Whether this server answers for a domain.</summary>
    public bool IsOurs(string domain) => domain == Server.Options.Domain || Server.Features.Hosts.ContainsKey(domain);

    public override async Task<(IStanzaStream? Stream, string Problem, bool IsFinal)> OpenAsync(string from, string to, IStreamOwner owner) =>
        await OpenAsync(from, to, owner, verification: null, CancellationToken.None);

    /// <summary>Opens a stream; null with the reason when no server could be reached.</summary>
    public async Task<(OutgoingStream? Stream, string Problem, bool IsFinal)> OpenAsync(
        string from, string to, IStreamOwner? owner, Verification? verification, CancellationToken cancellation)
    {
        var (socket, directTls, problem, isFinal) = await _locator.ConnectAsync(to, cancellation);
        if (socket is null)
        {
            return (null, problem, isFinal);
        }

        var role = new ServerRole { Target = to };
        var stream = new OutgoingStream(this, from, to, role, owner, verification);
        _ = ServerConnections.Open(connections, socket, directTls, role, stream);
        return (stream, "", false);
    }

    /// <summary>Asks the server of a domain whether a key is its own (XEP-0220 §2.3); null: it could not be asked, and why (§2.5).</summary>
    public async Task<(bool? Valid, StanzaError? Problem)> VerifyAsync(string from, string to, Verification verification)
    {
        if (!await _verifying.WaitAsync(TimeSpan.Zero))
        {
            return (null, StanzaError.ResourceConstraint);
        }

        try
        {
            var (stream, _, isFinal) = await OpenAsync(from, to, owner: null, verification, CancellationToken.None);
            var valid = stream is null ? null : await verification.Answered;
            return (valid, valid is not null ? null : isFinal ? StanzaError.RemoteServerNotFound : StanzaError.RemoteServerTimeout);
        }
        catch (Exception e)
        {
            Log.FederationQueueFailed(to, e);
            return (null, StanzaError.RemoteServerTimeout);
        }
        finally
        {
            _verifying.Release();
        }
    }
}
