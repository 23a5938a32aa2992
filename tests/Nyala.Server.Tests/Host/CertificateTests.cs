using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.Extensions.Time.Testing;
using Nyala.Host.Certificates;
using Nyala.Host.Configuration;
using Nyala.Testing;
using Xunit;

namespace Nyala.Server.Tests.Host;

public sealed class CertificateTests : IDisposable
{
    readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("nyala-tls-");
    readonly FakeTimeProvider _time = new(new DateTimeOffset(2026, 3, 1, 0, 0, 0, TimeSpan.Zero));
    readonly CollectedLogs _logs = new();

    string CertificateFile => Path.Combine(_directory.FullName, "own.pem");

    string KeyFile => Path.Combine(_directory.FullName, "own.key");

    public void Dispose() => _directory.Delete(recursive: true);

    [Fact]
    public void A_self_signed_certificate_is_made_private_and_kept()
    {
        using var first = Open();
        using var second = Open();
        Assert.True(first.Pair.IsFor("localhost"));
        Assert.Equal(first.Pair.Leaf.Thumbprint, second.Pair.Leaf.Thumbprint);
        Assert.NotEmpty(first.Current.ServerEndPoint);
        if (OperatingSystem.IsWindows())
        {
            return;
        }

        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(Path.Combine(_directory.FullName, "tls", "self-signed.key")));
    }

    [Fact]
    public void A_self_signed_certificate_is_renewed_before_it_expires()
    {
        using var store = Open();
        var first = store.Pair.Leaf.Thumbprint;
        _time.Advance(TimeSpan.FromDays(330));
        Assert.Equal(first, store.Pair.Leaf.Thumbprint);
        _time.Advance(TimeSpan.FromDays(6));
        Assert.NotEqual(first, store.Pair.Leaf.Thumbprint);
    }

    [Fact]
    public void A_changed_pair_is_taken_while_running_and_a_broken_one_is_not()
    {
        Write("chat.example.org");
        using var store = Open($"Tls:Certificate={CertificateFile}", $"Tls:Key={KeyFile}", "Domain=chat.example.org");
        var first = store.Pair.Leaf.Thumbprint;
        Assert.Equal(["chat.example.org"], store.Pair.Names);

        File.WriteAllText(CertificateFile, "-----BEGIN CERTIFICATE-----\nbroken\n-----END CERTIFICATE-----\n");
        _time.Advance(CertificateStore.LookEvery);
        Assert.Equal(first, store.Pair.Leaf.Thumbprint);
        Assert.Contains(_logs.Lines, line => line.Contains("The changed certificate is not used", StringComparison.Ordinal));

        Write("chat.example.org");
        _time.Advance(CertificateStore.LookEvery);
        Assert.NotEqual(first, store.Pair.Leaf.Thumbprint);
    }

    [Fact]
    public void Files_that_are_no_pair_stop_the_start()
    {
        Write("a.example.org");
        var key = File.ReadAllText(KeyFile);
        Write("b.example.org");
        File.WriteAllText(KeyFile, key);
        var problem = Assert.Throws<CertificateException>(() => Open($"Tls:Certificate={CertificateFile}", $"Tls:Key={KeyFile}"));
        Assert.StartsWith("Tls:Certificate and Tls:Key cannot be", problem.Message, StringComparison.Ordinal);
        File.Delete(KeyFile);
        problem = Assert.Throws<CertificateException>(() => Open($"Tls:Certificate={CertificateFile}", $"Tls:Key={KeyFile}"));
        Assert.StartsWith("A file of Tls:Certificate or Tls:Key cannot be read", problem.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void What_keeps_clients_from_accepting_a_certificate_is_said_at_the_start()
    {
        Write("a.example.org");
        _time.Advance(TimeSpan.FromDays(80));
        using (Open($"Tls:Certificate={CertificateFile}", $"Tls:Key={KeyFile}", "Domain=b.example.org"))
        {
            Assert.Contains(_logs.Lines, line => line.Contains("is for a.example.org, not for b.example.org", StringComparison.Ordinal));
            Assert.Contains(_logs.Lines, line => line.Contains("The certificate expires on", StringComparison.Ordinal));
        }

        _time.Advance(TimeSpan.FromDays(11));
        using var late = Open($"Tls:Certificate={CertificateFile}", $"Tls:Key={KeyFile}", "Domain=a.example.org");
        Assert.Contains(_logs.Lines, line => line.Contains("The certificate expired on", StringComparison.Ordinal));
    }

    CertificateStore Open(params string[] settings) => new(
        new ConfigurationReader(new System.Collections.Hashtable(), _directory.FullName).Load(new(null, [], [$"Data={_directory.FullName}", .. settings])),
        _time, _logs.CreateLogger("test"));

    void Write(string domain)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=test", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName(domain);
        request.CertificateExtensions.Add(names.Build());
        using var made = request.CreateSelfSigned(_time.GetUtcNow().AddDays(-1), _time.GetUtcNow().AddDays(90));
        File.WriteAllText(CertificateFile, made.ExportCertificatePem());
        File.WriteAllText(KeyFile, key.ExportPkcs8PrivateKeyPem());
    }
}
