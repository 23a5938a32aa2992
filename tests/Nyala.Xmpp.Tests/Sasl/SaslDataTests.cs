using Nyala.Xmpp.Sasl;
using Xunit;

namespace Nyala.Xmpp.Tests.Sasl;

public sealed class SaslDataTests
{
    [Fact]
    public void Data_of_no_bytes_is_an_equals_sign()
    {
        Assert.Equal("=", SaslData.Encode([]));
        Assert.True(SaslData.TryDecode("=", out var data));
        Assert.Empty(data);
        Assert.True(SaslData.TryDecode("AAEC", out data));
        Assert.Equal([0, 1, 2], data);
        Assert.Equal("AAEC", SaslData.Encode(data));
        Assert.True(SaslData.TryDecode("AA==", out data));
        Assert.Equal([0], data);
    }

    [Theory]
    [InlineData("A")]
    [InlineData("AA")]
    [InlineData("AA=")]
    [InlineData("==")]
    [InlineData("AA A")]
    [InlineData("AAA\n")]
    [InlineData("AA-_")]
    [InlineData("AAAA=")]
    [InlineData("AA==AAAA")]
    [InlineData("\u00E9AAA")]
    public void What_is_not_base64_is_refused(string text) => Assert.False(SaslData.TryDecode(text, out _));

    [Fact]
    public void Mechanisms_have_an_order_and_a_hash()
    {
        Assert.Equal("SCRAM-SHA-512-PLUS", Mechanisms.ByStrength[0]);
        Assert.Equal("PLAIN", Mechanisms.ByStrength[^1]);
        Assert.Same(ScramHash.Sha1, Mechanisms.Scram("SCRAM-SHA-1-PLUS"));
        Assert.Same(ScramHash.Sha256, Mechanisms.Scram("SCRAM-SHA-256"));
        Assert.Null(Mechanisms.Scram("PLAIN"));
        Assert.True(Mechanisms.BindsChannel("HT-SHA-256-ENDP"));
        Assert.False(Mechanisms.BindsChannel("HT-SHA-256-NONE"));
    }

    [Fact]
    public void Every_failure_has_the_name_of_its_condition()
    {
        foreach (var failure in Enum.GetValues<SaslFailure>())
        {
            Assert.Equal(failure.ToString(), string.Concat(failure.Condition().Split('-').Select(word => char.ToUpperInvariant(word[0]) + word[1..])));
        }
    }
}
