using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Nyala.Host.Certificates;

/// <summary>The certificate the server makes for itself when nobody gives it one.</summary>
sealed class SelfSigned(string dataDirectory, string domain, TimeProvider time)
{
    static readonly TimeSpan Lifetime = TimeSpan.FromDays(365);
    static readonly TimeSpan RenewBefore = TimeSpan.FromDays(30);

    public string CertificateFile { get; } = Path.Combine(dataDirectory, "tls", "self-signed.pem");

    public string KeyFile { get; } = Path.Combine(dataDirectory, "tls", "self-signed.key");

    /// <summary>The kept pair, or a new one when there is none, it is for another domain, damaged, or near its end.</summary>
    public PemPair LoadOrMake() => Keep() ?? Make();

    /// <summary>Whether a pair must be replaced now.</summary>
    public bool IsDue(PemPair pair) => pair.NotAfter - time.GetUtcNow() < RenewBefore;

    PemPair? Keep()
    {
        if (!File.Exists(CertificateFile) || !File.Exists(KeyFile))
        {
            return null;
        }

        try
        {
            var pair = PemPair.Load(CertificateFile, KeyFile);
            return pair.IsFor(domain) && !IsDue(pair) ? pair : null;
        }
        catch (CertificateException)
        {
            return null;
        }
    }

    PemPair Make()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest(new X500DistinguishedName("O=Nyala self-signed"), key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName(domain.Trim('[', ']'));
        if (domain != "localhost")
        {
            names.AddDnsName("localhost");
        }

        if (IPAddress.TryParse(domain.Trim('[', ']'), out var address) && !IPAddress.IsLoopback(address))
        {
            names.AddIpAddress(address);
        }

        names.AddIpAddress(IPAddress.Loopback);
        names.AddIpAddress(IPAddress.IPv6Loopback);
        request.CertificateExtensions.Add(names.Build());
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: false, hasPathLengthConstraint: false, 0, critical: true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.DigitalSignature, critical: true));
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new("1.3.6.1.5.5.7.3.1")], critical: false));

        // A day back, because the clocks of phones are not ours.
        var now = time.GetUtcNow();
        using var made = request.CreateSelfSigned(now.AddDays(-1), now + Lifetime);
        Save(KeyFile, key.ExportPkcs8PrivateKeyPem());
        Save(CertificateFile, made.ExportCertificatePem());
        return PemPair.Load(CertificateFile, KeyFile);
    }

    static void Save(string file, string pem)
    {
        var directory = Path.GetDirectoryName(file)!;
        if (OperatingSystem.IsWindows())
        {
            Directory.CreateDirectory(directory);
        }
        else
        {
            Directory.CreateDirectory(directory, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }

        var fresh = file + ".new";
        File.Delete(fresh);
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        using (var writer = new StreamWriter(fresh, options))
        {
            writer.Write(pem);
            writer.Write('\n');
        }

        File.Move(fresh, file, overwrite: true);
    }
}
