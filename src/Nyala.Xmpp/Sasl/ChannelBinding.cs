using System.Formats.Asn1;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Nyala.Xmpp.Sasl;

/// <summary>Channel bindings for TLS (RFC 5929). tls-exporter cannot be had from .NET: docs/decisions/006-channel-binding.md.</summary>
public static class ChannelBinding
{
    /// <summary>The name of the one type that is announced.</summary>
    public const string EndPoint = "tls-server-end-point";

    /// <summary>The name of the type that is accepted from older clients (<see cref="ScramServer.TlsUnique"/>).</summary>
    public const string Unique = "tls-unique";

    /// <summary>
    /// The data of tls-server-end-point (RFC 5929 §4.1): the certificate's digest by the hash of its own signature. Null
    /// where that is undefined: a signature without one hash function (Ed25519), or one this runtime does not have.
    /// </summary>
    public static byte[]? TlsServerEndPoint(X509Certificate2 certificate)
    {
        var hash = SignatureHash(certificate);
        return hash is null ? null : CryptographicOperations.HashData(hash.Value, certificate.RawData);
    }

    static HashAlgorithmName? SignatureHash(X509Certificate2 certificate) => certificate.SignatureAlgorithm.Value switch
    {
        // §4.1: MD5 and SHA-1 are replaced by SHA-256.
        "1.2.840.113549.1.1.4" or "1.2.840.113549.1.1.5" or "1.2.840.10045.4.1" or "1.2.840.10040.4.3" => HashAlgorithmName.SHA256,
        "1.2.840.113549.1.1.11" or "1.2.840.10045.4.3.2" or "2.16.840.1.101.3.4.3.2" => HashAlgorithmName.SHA256,
        "1.2.840.113549.1.1.12" or "1.2.840.10045.4.3.3" => HashAlgorithmName.SHA384,
        "1.2.840.113549.1.1.13" or "1.2.840.10045.4.3.4" => HashAlgorithmName.SHA512,
        "1.2.840.113549.1.1.10" => PssHash(certificate.RawData),
        _ => null,
    };

    /// <summary>RSASSA-PSS names its hash in the parameters of the algorithm (RFC 4055 §3.1), which default to SHA-1.</summary>
    static HashAlgorithmName? PssHash(byte[] certificate)
    {
        try
        {
            var body = new AsnReader(certificate, AsnEncodingRules.DER).ReadSequence();
            body.ReadEncodedValue(); // tbsCertificate
            var algorithm = body.ReadSequence();
            algorithm.ReadObjectIdentifier();
            var parameters = algorithm.ReadSequence();
            var tag = new Asn1Tag(TagClass.ContextSpecific, 0, isConstructed: true);
            if (!parameters.HasData || !parameters.PeekTag().HasSameClassAndValue(tag))
            {
                return HashAlgorithmName.SHA256;
            }

            return parameters.ReadSequence(tag).ReadSequence().ReadObjectIdentifier() switch
            {
                "1.2.840.113549.2.5" or "1.3.14.3.2.26" or "2.16.840.1.101.3.4.2.1" => HashAlgorithmName.SHA256,
                "2.16.840.1.101.3.4.2.2" => HashAlgorithmName.SHA384,
                "2.16.840.1.101.3.4.2.3" => HashAlgorithmName.SHA512,
                _ => null,
            };
        }
        catch (AsnContentException)
        {
            return null;
        }
    }
}
