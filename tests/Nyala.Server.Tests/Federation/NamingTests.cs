using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Nyala.Federation;
using Nyala.Federation.Naming;
using Nyala.Federation.Streams;
using Xunit;

namespace Nyala.Server.Tests.Federation;

public sealed class NamingTests
{
    [Fact]
    public void Records_are_tried_by_priority_and_weights_are_chances()
    {
        (ServiceRecord, string)[] records =
        [
            (new(20, 0, 1, "last"), "last"), (new(10, 0, 1, "rare"), "rare"), (new(10, 90, 1, "often"), "often"), (new(10, 10, 1, "seldom"), "seldom"),
        ];
        var first = new Dictionary<string, int>(StringComparer.Ordinal);
        var random = new Random(7);
        for (var i = 0; i < 2_000; i++)
        {
            var order = ServiceRecords.InOrder(records, random);
            Assert.Equal("last", order[^1]);
            Assert.Equal(4, order.Distinct().Count());
            first[order[0]] = first.GetValueOrDefault(order[0]) + 1;
        }

        Assert.InRange(first["often"], 1_600, 1_900);
        Assert.InRange(first["seldom"], 100, 350);
        Assert.InRange(first.GetValueOrDefault("rare"), 1, 80);
    }

    [Theory]
    [InlineData("xmpp.example.org", "xmpp.example.org", 5269, false)]
    [InlineData("xmpp.example.org:5270/tls", "xmpp.example.org", 5270, true)]
    [InlineData("10.0.0.1:5333", "10.0.0.1", 5333, false)]
    [InlineData("[::1]:5333", "::1", 5333, false)]
    [InlineData("::1", "::1", 5269, false)]
    public void A_place_is_read(string text, string host, int port, bool directTls)
    {
        Assert.True(Place.TryParse(text, out var place));
        Assert.Equal(new Place(host, port, directTls), place);
    }

    [Theory]
    [InlineData("")]
    [InlineData("host:0")]
    [InlineData("host:65536")]
    [InlineData("host:x")]
    [InlineData("a b")]
    public void What_is_no_place_is_refused(string text) => Assert.False(Place.TryParse(text, out _));

    [Theory]
    [InlineData("example.org", true)]
    [InlineData("EXAMPLE.org", true)]
    [InlineData("rooms.star.org", true)]
    [InlineData("a.rooms.star.org", false)]
    [InlineData("star.org", false)]
    [InlineData("münchen.example", true)]
    [InlineData("example.com", false)]
    [InlineData("common.org", false)]
    public void A_certificate_is_of_the_domains_it_names(string domain, bool named)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=common.org", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName("example.org");
        names.AddDnsName("*.star.org");
        names.AddDnsName("xn--mnchen-3ya.example");
        request.CertificateExtensions.Add(names.Build());
        var now = TimeProvider.System.GetUtcNow();
        using var certificate = request.CreateSelfSigned(now.AddHours(-1), now.AddHours(1));
        Assert.Equal(named, PeerCertificates.Names(certificate, domain));
    }

    [Fact]
    public void Lists_hold_for_what_is_below_a_domain_too()
    {
        var options = new FederationOptions { Allowed = ["example.org", "example.com"], Denied = ["bad.example.org"] };
        Assert.True(options.Allows("example.org"));
        Assert.True(options.Allows("rooms.example.com"));
        Assert.False(options.Allows("notexample.com"));
        Assert.False(options.Allows("rooms.bad.example.org"));
    }

    [Fact]
    public void Keys_of_dialback_are_those_of_the_specification()
    {
        // XEP-0185 §3.1, with its secret, domains and stream id.
        var keys = new DialbackKeys("s3cr3tf0rd14lb4ck"u8.ToArray());
        Assert.Equal("37c69b1cf07a3f67c04a5ef5902fa5114f2c76fe4a2686482ba5b89323075643", keys.Make("xmpp.example.com", "example.org", "D60000229F"));
    }
}
