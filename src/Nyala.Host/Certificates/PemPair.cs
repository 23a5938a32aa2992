using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Nyala.Xmpp.Sasl;

namespace Nyala.Host.Certificates;

/// <summary>A certificate with key and chain as loaded from two PEM files.</summary>
/// <param name="Leaf">The server's certificate with its private key.</param>
/// <param name="Chain">The intermediate certificates that are sent with it.</param>
sealed record PemPair(X509Certificate2 Leaf, X509Certificate2Collection Chain)
{
    /// <summary>Loads and checks the files.</summary>
    /// <exception cref="CertificateException">They cannot be used; the message names problem and remedy.</exception>
    public static PemPair Load(string certificateFile, string keyFile)
    {
        try
        {
            var all = new X509Certificate2Collection();
            all.ImportFromPemFile(certificateFile);
            if (all.Count == 0)
            {
                throw new CertificateException($"Tls:Certificate cannot be {certificateFile}: allowed is a PEM file with -----BEGIN CERTIFICATE-----, and this holds no certificate.");
            }

            var leaf = X509Certificate2.CreateFromPemFile(certificateFile, keyFile);
            all.RemoveAt(0);
            return new(leaf, all);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new CertificateException($"A file of Tls:Certificate or Tls:Key cannot be read ({e.Message.TrimEnd('.')}): both must be readable by the user that runs nyala.");
        }
        catch (Exception e) when (e is CryptographicException or ArgumentException)
        {
            throw new CertificateException(
                $"Tls:Certificate and Tls:Key cannot be {certificateFile} and {keyFile}, which are not a pair in PEM: allowed is the server's own certificate first, and its RSA or ECDSA key, not encrypted ({e.Message.TrimEnd('.')}).");
        }
    }

    /// <summary>What handshakes use; the channel binding data is empty where RFC 5929 defines none for the certificate.</summary>
    public (SslStreamCertificateContext Context, byte[] ServerEndPoint) ForHandshakes() =>
        (SslStreamCertificateContext.Create(Leaf, Chain, offline: true), ChannelBinding.TlsServerEndPoint(Leaf) ?? []);

    public DateTimeOffset NotAfter => new(Leaf.NotAfter.ToUniversalTime(), TimeSpan.Zero);

    public DateTimeOffset NotBefore => new(Leaf.NotBefore.ToUniversalTime(), TimeSpan.Zero);

    public bool IsSelfSigned => Leaf.SubjectName.RawData.AsSpan().SequenceEqual(Leaf.IssuerName.RawData);

    /// <summary>The names it is for, as clients compare them.</summary>
    public IReadOnlyList<string> Names =>
        [.. Leaf.Extensions.OfType<X509SubjectAlternativeNameExtension>().SelectMany(extension => extension.EnumerateDnsNames())];

    /// <summary>Whether a client that wants this domain accepts the name (RFC 6125).</summary>
    public bool IsFor(string domain) => Leaf.MatchesHostname(domain, allowCommonName: false);
}

/// <summary>A certificate cannot be used; the message is for the operator.</summary>
sealed class CertificateException(string message) : Exception(message);
