using Nyala.Xmpp.Sasl;
using Xunit;

namespace Nyala.Xmpp.Tests.Sasl;

public sealed class HashedTokenTests
{
    static readonly byte[] Token = "secret-token:fast-Oeie4nmlUoLHXca_YkkjwkEBgCEKKHKCArT7"u8.ToArray();
    static readonly byte[] Channel = [1, 2, 3];

    [Fact]
    public void The_token_opens_the_account_on_its_channel_only()
    {
        Assert.Null(HashedToken.Read(HashedToken.Message("Juliet", Token, Channel), "example.com", out var request));
        Assert.Equal(Jid.Parse("juliet@example.com"), request!.Account);
        Assert.True(request.Verify(Token, Channel));
        Assert.False(request.Verify(Token, []));
        Assert.False(request.Verify(Token, [3, 2, 1]));
        Assert.False(request.Verify("another"u8, Channel));
        Assert.False(request.Verify([], []));
    }

    [Fact]
    public void The_server_proves_that_it_holds_the_token()
    {
        Assert.True(HashedToken.VerifyResponse(HashedToken.Response(Token, Channel), Token, Channel));
        Assert.False(HashedToken.VerifyResponse(HashedToken.Response("another"u8, Channel), Token, Channel));
        Assert.False(HashedToken.VerifyResponse(HashedToken.Message("x", Token, Channel).AsSpan(2), Token, Channel));
        Assert.False(HashedToken.VerifyResponse([], Token, Channel));
    }

    /// <summary>Computed with Python: hmac.new(b'token', b'Initiator' + b'cb', 'sha256').</summary>
    [Fact]
    public void The_bytes_are_those_of_the_draft() =>
        Assert.Equal(
            "ae6339aa3e6e954ec465ad9f68465e866557a17526e6b7a5c8c4f73132bc1b34",
            Convert.ToHexStringLower(HashedToken.Message("user", "token"u8, "cb"u8).AsSpan(5)));

    [Fact]
    public void A_malformed_message_is_called_so()
    {
        var good = HashedToken.Message("juliet", Token, []);
        byte[][] bad = [[], [0], "juliet"u8.ToArray(), good[..^1], [.. good, 0], good[6..], [0xFF, .. good], [.. new byte[4000], .. good]];
        foreach (var message in bad)
        {
            Assert.Equal(SaslFailure.MalformedRequest, HashedToken.Read(message, "example.com", out _));
        }
    }
}
