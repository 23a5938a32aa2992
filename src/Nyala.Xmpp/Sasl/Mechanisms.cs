namespace Nyala.Xmpp.Sasl;

/// <summary>The names of the mechanisms that are implemented here.</summary>
public static class Mechanisms
{
    public const string Plain = "PLAIN";

    /// <summary>Without an account (RFC 4505); not among those that prove who somebody is.</summary>
    public const string Anonymous = "ANONYMOUS";

    public const string HtEndPoint = "HT-SHA-256-ENDP";
    public const string HtNone = "HT-SHA-256-NONE";

    /// <summary>The password mechanisms, the strongest first.</summary>
    public static IReadOnlyList<string> ByStrength { get; } =
    [
        ScramHash.Sha512.PlusMechanism, ScramHash.Sha256.PlusMechanism, ScramHash.Sha1.PlusMechanism,
        ScramHash.Sha512.Mechanism, ScramHash.Sha256.Mechanism, ScramHash.Sha1.Mechanism,
        Plain,
    ];

    /// <summary>The token mechanisms (XEP-0484), the strongest first.</summary>
    public static IReadOnlyList<string> Fast { get; } = [HtEndPoint, HtNone];

    /// <summary>Whether the mechanism binds the authentication to the TLS connection.</summary>
    public static bool BindsChannel(string mechanism) =>
        mechanism == HtEndPoint || mechanism.EndsWith("-PLUS", StringComparison.Ordinal);

    /// <summary>The hash of a SCRAM mechanism, with or without -PLUS; null for anything else.</summary>
    public static ScramHash? Scram(string mechanism)
    {
        foreach (var hash in ScramHash.All)
        {
            if (mechanism == hash.Mechanism || mechanism == hash.PlusMechanism)
            {
                return hash;
            }
        }

        return null;
    }
}
