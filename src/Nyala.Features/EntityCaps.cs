using Nyala.Core;
using Nyala.Core.Routing;
using Nyala.Xmpp;
using Nyala.Xmpp.Payloads;

namespace Nyala.Features;

/// <summary>
/// Entity Capabilities of the server: a client that has seen the hash before need not ask again. Told in the stream features
/// (XEP-0115 §6.3), answered by <see cref="Disco"/>.
/// </summary>
[Xep(115, "1.6.0", Note = "server side")]
[Xep(390, "0.3.2", Note = "server side, SHA-256")]
public sealed class EntityCaps : IFeature
{
    readonly Lazy<(string? Ver, string? Hash)> _own;
    readonly NyalaServer _server;

    public EntityCaps(NyalaServer server)
    {
        _server = server;
        _own = new(() => Compute(server));
    }

    public void Register(FeatureBuilder on)
    {
        on.Advertise(Ns.Caps);
        on.Advertise(Ns.Caps2);
        on.StreamFeature(StreamState.Authenticated, _ => Own().Ver is { } ver ? Caps.ToElement(Node(_server), ver) : null);
        on.StreamFeature(StreamState.Authenticated, _ => Own().Hash is { } hash ? Caps.ToElement(hash) : null);
    }

    (string? Ver, string? Hash) Own() => _server.Features.IsOverlaid ? Compute(_server) : _own.Value;

    /// <summary>Whether a disco node stands for what the server says without one.</summary>
    internal static bool IsNode(NyalaServer server, string node)
    {
        var (ver, hash) = Compute(server);
        return node == $"{Node(server)}#{ver}" || (hash is not null && node == Caps.Node(hash));
    }

    /// <summary>What identifies this server's software and its place (XEP-0115 §4: a URI).</summary>
    static string Node(NyalaServer server) => server.Options.WebAddress;

    static (string? Ver, string? Hash) Compute(NyalaServer server)
    {
        var info = Disco.OfServer(server.Features);
        return (Caps.Ver(info), Caps.Hash(info));
    }
}
