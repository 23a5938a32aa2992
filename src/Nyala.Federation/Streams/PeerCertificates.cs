using System.Globalization;
using System.Security.Cryptography.X509Certificates;
using Nyala.Core.Connections;

namespace Nyala.Federation.Streams;

/// <summary>What a certificate proves about a domain (RFC 6120 §13.7.2, RFC 6125, RFC 7590). Safe from any thread.</summary>
sealed class PeerCertificates(FederationOptions options, TimeProvider time)
{
    static readonly IdnMapping Idn = new() { UseStd3AsciiRules = true };

    /// <summary>
    /// Whether the peer's certificate leads to a trusted root and is one of that domain. Its extended key usage is not looked
    /// at: public authorities do not issue certificates for clients any more, and servers use the one they have both ways.
    /// </summary>
    public bool Proves(ServerRole role, string domain) => role.Certificate is { } certificate && Names(certificate, domain) && IsTrusted(certificate, role.Intermediates);

    /// <summary>RFC 6125 §6.4: the names of DNS in the certificate, a star as its whole first label only.</summary>
    internal static bool Names(X509Certificate2 certificate, string domain)
    {
        string name;
        try
        {
            name = Idn.GetAscii(domain);
        }
        catch (ArgumentException)
        {
            return false;
        }

        foreach (var extension in certificate.Extensions.OfType<X509SubjectAlternativeNameExtension>())
        {
            foreach (var presented in extension.EnumerateDnsNames())
            {
                if (Matches(presented, name))
                {
                    return true;
                }
            }
        }

        return false;
    }

    static bool Matches(string presented, string name)
    {
        if (!presented.StartsWith("*.", StringComparison.Ordinal))
        {
            return presented.Equals(name, StringComparison.OrdinalIgnoreCase);
        }

        var dot = name.IndexOf('.', StringComparison.Ordinal);
        return dot > 0 && presented.AsSpan(1).Equals(name.AsSpan(dot), StringComparison.OrdinalIgnoreCase);
    }

    bool IsTrusted(X509Certificate2 certificate, X509Certificate2Collection intermediates) =>
        Builds(certificate, intermediates, X509ChainTrustMode.System) || (options.Roots.Count > 0 && Builds(certificate, intermediates, X509ChainTrustMode.CustomRootTrust));

    bool Builds(X509Certificate2 certificate, X509Certificate2Collection intermediates, X509ChainTrustMode trust)
    {
        using var chain = new X509Chain();
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        chain.ChainPolicy.DisableCertificateDownloads = true;
        chain.ChainPolicy.VerificationTime = time.GetUtcNow().UtcDateTime;
        chain.ChainPolicy.TrustMode = trust;
        if (trust == X509ChainTrustMode.CustomRootTrust)
        {
            chain.ChainPolicy.CustomTrustStore.AddRange(options.Roots);
        }

        chain.ChainPolicy.ExtraStore.AddRange(intermediates);
        return chain.Build(certificate);
    }
}
