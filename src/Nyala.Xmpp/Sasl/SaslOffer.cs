using System.Text;

namespace Nyala.Xmpp.Sasl;

/// <summary>
/// What a server announces on a stream before authentication. Immutable and shared by all streams that announce the same;
/// safe from any thread.
/// </summary>
public sealed class SaslOffer
{
    readonly byte[]?[] _downgradeHashes = new byte[ScramHash.All.Count + 1][];

    /// <param name="domain">The host that authenticates; prepared.</param>
    /// <param name="mechanisms">The mechanisms as announced: the list of SASL or that of SASL2, whichever the client uses.</param>
    /// <param name="channelBindings">The types as announced by XEP-0440; empty when the feature is left out.</param>
    /// <param name="endPoint">The data of tls-server-end-point (<see cref="ChannelBinding"/>); empty when TLS does not end here.</param>
    public SaslOffer(string domain, IReadOnlyList<string> mechanisms, IReadOnlyList<string> channelBindings, ReadOnlyMemory<byte> endPoint)
    {
        Domain = domain;
        Mechanisms = mechanisms;
        ChannelBindings = channelBindings;
        EndPoint = endPoint;
        AnnouncesPlus = mechanisms.Any(name => name.EndsWith("-PLUS", StringComparison.Ordinal));
    }

    public string Domain { get; }

    public IReadOnlyList<string> Mechanisms { get; }

    public IReadOnlyList<string> ChannelBindings { get; }

    public ReadOnlyMemory<byte> EndPoint { get; }

    /// <summary>Whether SCRAM's first answer carries a hash of the two lists (XEP-0474).</summary>
    public bool ProtectsFromDowngrade { get; init; } = true;

    internal bool AnnouncesPlus { get; }

    internal ReadOnlySpan<byte> DowngradeHash(ScramHash hash) =>
        _downgradeHashes[hash.Id] ??= Encoding.ASCII.GetBytes(DowngradeProtection.Hash(hash, Mechanisms, ChannelBindings));
}
