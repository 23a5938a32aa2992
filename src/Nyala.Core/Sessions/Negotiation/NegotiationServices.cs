using System.Buffers.Text;
using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using System.Text;
using Nyala.Core.Connections;
using Nyala.Core.Routing;
using Nyala.Xmpp;
using Nyala.Xmpp.Sasl;
using Nyala.Xmpp.Xml;

namespace Nyala.Core.Sessions.Negotiation;

/// <summary>What all negotiations share. One per server; safe from any thread.</summary>
public sealed class NegotiationServices
{
    const int LongestTag = 64;

    readonly byte[] _resourceKey;
    readonly ConditionalWeakTable<SaslOffer, Element[]> _announced = [];
    volatile SaslOffer? _offer;

    NegotiationServices(NyalaServer server, Admission admission, byte[] fakeKey, byte[] resourceKey)
    {
        Server = server;
        Admission = admission;
        _resourceKey = resourceKey;
        Fakes = new(fakeKey, server.Options.ScramIterations);
        FailedLogins = new(server.Options.Limits, server.Time);
        Tokens = new(server);
        ClearOffer = new(server.Options.Domain, WithoutBinding, [], default);
    }

    internal NyalaServer Server { get; }

    internal Admission Admission { get; }

    /// <summary>Keys for accounts that do not exist.</summary>
    internal FakeCredentials Fakes { get; }

    internal FailedLogins FailedLogins { get; }

    internal FastTokens Tokens { get; }

    internal Limits Limits => Server.Options.Limits;

    SaslOffer ClearOffer { get; }

    static readonly IReadOnlyList<string> WithoutBinding = [.. Mechanisms.ByStrength.Where(name => !Mechanisms.BindsChannel(name))];

    /// <param name="admission">Where logins wait (<see cref="ConnectionServices.Admission"/>).</param>
    public static async Task<NegotiationServices> CreateAsync(NyalaServer server, Admission admission) => new(
        server, admission, await server.Store.Secrets.GetOrCreateAsync("fake-credentials", 32), await server.Store.Secrets.GetOrCreateAsync("resources", 32));

    /// <summary>What a new connection talks to first (<see cref="ConnectionServices.NewHandler"/>).</summary>
    public IStreamHandler NewHandler() => new Negotiation(this);

    /// <summary>What is announced on a connection: channel binding only where TLS ends in this process.</summary>
    internal SaslOffer OfferFor(Connection connection)
    {
        if (connection.Tls is not { ServerEndPoint.Length: > 0 } tls)
        {
            return ClearOffer;
        }

        // The data changes only with the certificate, so one offer serves nearly all.
        var offer = _offer;
        if (offer is null || !offer.EndPoint.Span.SequenceEqual(tls.ServerEndPoint))
        {
            offer = new(Server.Options.Domain, Mechanisms.ByStrength, [ChannelBinding.EndPoint], tls.ServerEndPoint);
            _offer = offer;
        }

        return offer;
    }

    /// <summary>The stream features that say how one can authenticate; frozen.</summary>
    internal Element[] Announced(SaslOffer offer) => _announced.GetValue(offer, one => StreamFeatures.Authentications(this, one));

    /// <summary>The HT mechanisms of a connection (XEP-0484 §3.1).</summary>
    internal static IReadOnlyList<string> FastMechanisms(SaslOffer offer) =>
        offer.EndPoint.IsEmpty ? [Mechanisms.HtNone] : Mechanisms.Fast;

    /// <summary>
    /// A resource for Bind 2 (XEP-0386 §4.1): the client's tag and a part that is the same each time the same installation
    /// binds, and that does not give its id away.
    /// </summary>
    internal string ResourceFor(LocalAccount account, string? tag, string? device)
    {
        var id = RandomNumberGenerator.GetBytes(HMACSHA256.HashSizeInBytes);
        if (device is not null)
        {
            HMACSHA256.HashData(_resourceKey, Encoding.UTF8.GetBytes($"{account.Id}\n{device}\n{tag}"), id);
        }

        var suffix = Base64Url.EncodeToString(id.AsSpan(0, 9));
        return tag is { Length: > 0 and <= LongestTag } && Jid.TryResource($"{tag}/{suffix}", out var resource) ? resource : suffix;
    }
}
