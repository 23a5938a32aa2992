using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Nyala.Xmpp.Sasl;
using Xunit;

namespace Nyala.Xmpp.Tests.Sasl;

public sealed class ChannelBindingTests
{
    public static TheoryData<string, bool> Hashes => new() { { "SHA256", true }, { "SHA384", true }, { "SHA512", true }, { "SHA384", false } };

    [Theory]
    [MemberData(nameof(Hashes))]
    public void The_end_point_is_hashed_as_its_signature_was(string name, bool elliptic)
    {
        var hash = new HashAlgorithmName(name);
        using var certificate = elliptic ? Elliptic(hash) : Rsa(hash, RSASignaturePadding.Pkcs1);
        Assert.Equal(CryptographicOperations.HashData(hash, certificate.RawData), ChannelBinding.TlsServerEndPoint(certificate));
    }

    /// <summary>Made with <c>openssl req -x509 -newkey ec -sha1</c>, which .NET declines to sign.</summary>
    [Fact]
    public void A_SHA_1_signature_is_hashed_with_SHA_256()
    {
        using var certificate = X509CertificateLoader.LoadCertificate(Convert.FromBase64String("MIIBazCCARKgAwIBAgIUShOgMoldG1IWeE0H6DVT1VJN31EwCQYHKoZIzj0EATAMMQowCAYDVQQDDAF4MB4XDTI2MTEyMzA5MzExNVoXDTI2MTEyNDA5MzExNVowDDEKMAgGA1UEAwwBeDBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABITs50d44uD7x+fG5RKAq45St8cSmucyiVq7jHFeKJEeM5rUQDgVFowppWzHbzwsvwoUXWAaxYGWNFw0CWiZk4mjUzBRMB0GA1UdDgQWBBQi/+kAF+CK+9X6W9x7sUjPAYAShDAfBgNVHSMEGDAWgBQi/+kAF+CK+9X6W9x7sUjPAYAShDAPBgNVHRMBAf8EBTADAQH/MAkGByqGSM49BAEDSAAwRQIhAI3i4au+iKPl/Fq1Ple7Xd3xb8QhWgIQg5AMBH3Jyux7AiAdzzsxIXvGl4IVGihxzuKz11iht9xt0D9Foqi3RX9BtQ=="));
        Assert.Equal(SHA256.HashData(certificate.RawData), ChannelBinding.TlsServerEndPoint(certificate));
    }

    [Fact]
    public void RSA_PSS_names_its_hash_in_its_parameters()
    {
        using var sha512 = Rsa(HashAlgorithmName.SHA512, RSASignaturePadding.Pss);
        Assert.Equal(SHA512.HashData(sha512.RawData), ChannelBinding.TlsServerEndPoint(sha512));
        using var sha256 = Rsa(HashAlgorithmName.SHA256, RSASignaturePadding.Pss);
        Assert.Equal(SHA256.HashData(sha256.RawData), ChannelBinding.TlsServerEndPoint(sha256));
    }

    /// <summary>Made with <c>openssl req -x509 -newkey ed25519</c>: a signature without a hash function.</summary>
    [Fact]
    public void Ed25519_has_no_such_binding()
    {
        using var certificate = X509CertificateLoader.LoadCertificate(Convert.FromBase64String("MIIBLDCB36ADAgECAhRH1t1LNEXIGkm5NQoDIyA86hjCBDAFBgMrZXAwDDEKMAgGA1UEAwwBeDAeFw0yNjExMjMwOTMwNTJaFw0yNjExMjQwOTMwNTJaMAwxCjAIBgNVBAMMAXgwKjAFBgMrZXADIQBDeykmm/Xi1kblzPZrahOuDJKU7OjJd8Un8YT5cMlwaKNTMFEwHQYDVR0OBBYEFIcsXVh86UUy6hfkgzLHbkhZeohQMB8GA1UdIwQYMBaAFIcsXVh86UUy6hfkgzLHbkhZeohQMA8GA1UdEwEB/wQFMAMBAf8wBQYDK2VwA0EAAxFtbhuVj4bGEUjJwrrYg3sVRRD5vSy6NzNNzq7KxgjBh1T7pQodUC0tHFYhjX4zr9o4n7sDIjI/hf3twxajDw=="));
        Assert.Null(ChannelBinding.TlsServerEndPoint(certificate));
    }

    static X509Certificate2 Elliptic(HashAlgorithmName hash)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        return Sign(new CertificateRequest("CN=example.com", key, hash));
    }

    static X509Certificate2 Rsa(HashAlgorithmName hash, RSASignaturePadding padding)
    {
        using var key = RSA.Create(2048);
        return Sign(new CertificateRequest("CN=example.com", key, hash, padding));
    }

    static X509Certificate2 Sign(CertificateRequest request) =>
        request.CreateSelfSigned(DateTimeOffset.UnixEpoch, DateTimeOffset.UnixEpoch.AddYears(100));
}
