using System.Text;
using Nyala.Xmpp.Sasl;
using Xunit;

namespace Nyala.Xmpp.Tests.Sasl;

public sealed class ScramClientTests
{
    [Theory]
    [InlineData("")]
    [InlineData("r=nonceX")]
    [InlineData("r=nonceX,s=AAAA")]
    [InlineData("r=nonceX,s=,i=4096")]
    [InlineData("r=nonceX,s=*,i=4096")]
    [InlineData("r=nonceX,s=AAAA,i=x")]
    [InlineData("r=nonceX,s=AAAA,i=4096,")]
    [InlineData("m=1,r=nonceX,s=AAAA,i=4096")]
    [InlineData("r=nonceX,s=AAAA,i=4096,m=1")]
    [InlineData("e=other-error")]
    [InlineData("r=nonce,s=AAAA,i=4096")]
    [InlineData("r=Xnonce,s=AAAA,i=4096")]
    [InlineData("r=nonceX,s=AAAA,i=4095")]
    [InlineData("r=nonceX,s=AAAA,i=-1")]
    [InlineData("r=nonceX,s=AAAA,i=2000000000")]
    public void A_challenge_that_is_wrong_ends_the_exchange(string challenge)
    {
        var client = new ScramClient(ScramHash.Sha1, "juliet", "pencil", "nonce");
        client.First();
        Assert.False(client.TryRespond(Encoding.UTF8.GetBytes(challenge), out _));
        Assert.NotNull(client.Problem);
    }

    [Fact]
    public void A_shortened_list_of_mechanisms_ends_the_exchange()
    {
        var offer = new SaslOffer("example.com", ["SCRAM-SHA-1", "SCRAM-SHA-256"], [], default);
        var server = new ScramServer(ScramHash.Sha1, plus: false, offer);
        var client = new ScramClient(ScramHash.Sha1, "juliet", "pencil") { AnnouncedMechanisms = ["SCRAM-SHA-1"] };
        Assert.Null(server.Start(client.First()));
        Assert.False(client.TryRespond(server.Challenge(ScramKeys.Derive(ScramHash.Sha1, "pencil", 4096)!), out _));
        Assert.Contains("announced", client.Problem, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("v=")]
    [InlineData("v=AAAA")]
    [InlineData("e=invalid-proof")]
    [InlineData("v=*")]
    public void A_server_that_does_not_prove_itself_is_not_believed(string serverFinal)
    {
        var client = new ScramClient(ScramHash.Sha1, "juliet", "pencil", "nonce");
        client.First();
        Assert.True(client.TryRespond("r=nonceX,s=AAAA,i=4096"u8, out _));
        Assert.False(client.TryFinish(Encoding.UTF8.GetBytes(serverFinal)));
        Assert.NotNull(client.Problem);
    }

    [Fact]
    public void Kept_keys_serve_while_the_salt_stays()
    {
        var first = new ScramClient(ScramHash.Sha1, "juliet", "pencil", "nonce");
        first.First();
        Assert.True(first.TryRespond("r=nonceX,s=AAAA,i=4096"u8, out var expected));

        // The password is wrong on purpose: only the kept keys can make the right proof.
        var second = new ScramClient(ScramHash.Sha1, "juliet", "wrong", "nonce") { Keys = first.Keys };
        second.First();
        Assert.True(second.TryRespond("r=nonceX,s=AAAA,i=4096"u8, out var actual));
        Assert.Equal(expected, actual);

        var third = new ScramClient(ScramHash.Sha1, "juliet", "wrong", "nonce") { Keys = first.Keys };
        third.First();
        Assert.True(third.TryRespond("r=nonceX,s=AAAB,i=4096"u8, out _));
        Assert.NotSame(first.Keys, third.Keys);
    }

    [Fact]
    public void Names_are_escaped()
    {
        var client = new ScramClient(ScramHash.Sha1, "a,b=c", "pencil", "nonce") { AuthorizationId = "x=y@example.com" };
        Assert.Equal("n,a=x=3Dy@example.com,n=a=2Cb=3Dc,r=nonce", Encoding.UTF8.GetString(client.First()));
    }

    [Fact]
    public void A_password_that_none_can_have_ends_the_exchange()
    {
        var client = new ScramClient(ScramHash.Sha1, "juliet", "pen\tcil", "nonce");
        client.First();
        Assert.False(client.TryRespond("r=nonceX,s=AAAA,i=4096"u8, out _));
    }
}
