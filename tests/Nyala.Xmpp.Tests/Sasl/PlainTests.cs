using System.Text;
using Nyala.Xmpp.Sasl;
using Xunit;

namespace Nyala.Xmpp.Tests.Sasl;

public sealed class PlainTests
{
    [Theory]
    [InlineData("\0juliet\0pencil", "juliet@example.com", "pencil")]
    [InlineData("juliet@example.com\0juliet\0pencil", "juliet@example.com", "pencil")]
    [InlineData("\0JULIET\0p e n", "juliet@example.com", "p e n")]
    [InlineData("\0ju liet\0pencil", null, "pencil")]
    [InlineData("\0juliet@example.com\0pencil", null, "pencil")]
    public void Name_and_password_are_read(string message, string? account, string password)
    {
        Assert.Null(Plain.Read(Encoding.UTF8.GetBytes(message), "example.com", out var request));
        Assert.Equal(account, request!.Account?.ToString());
        Assert.Equal(password, request.Password);
    }

    [Theory]
    [InlineData("")]
    [InlineData("juliet")]
    [InlineData("\0juliet")]
    [InlineData("\0\0pencil")]
    [InlineData("\0juliet\0")]
    [InlineData("\0juliet\0pen\0cil")]
    [InlineData("\0\0\0")]
    public void A_malformed_message_is_called_so(string message) =>
        Assert.Equal(SaslFailure.MalformedRequest, Plain.Read(Encoding.UTF8.GetBytes(message), "example.com", out _));

    [Fact]
    public void Bytes_that_are_not_UTF_8_and_endless_ones_are_malformed()
    {
        Assert.Equal(SaslFailure.MalformedRequest, Plain.Read([0, (byte)'a', 0, 0xFF], "example.com", out _));
        Assert.Equal(SaslFailure.MalformedRequest, Plain.Read([0, 0xFF, 0, (byte)'a'], "example.com", out _));
        Assert.Equal(SaslFailure.MalformedRequest, Plain.Read([0xFF, 0, (byte)'a', 0, (byte)'a'], "example.com", out _));
        Assert.Equal(SaslFailure.MalformedRequest, Plain.Read([0, (byte)'a', 0, .. new byte[10_000].Select(_ => (byte)'x')], "example.com", out _));
    }

    [Theory]
    [InlineData("romeo@example.com\0juliet\0pencil")]
    [InlineData("juliet@example.net\0juliet\0pencil")]
    [InlineData("juliet\0juliet\0pencil")]
    [InlineData("romeo@example.com\0ju liet\0pencil")]
    public void Nobody_acts_as_somebody_else(string message) =>
        Assert.Equal(SaslFailure.InvalidAuthzid, Plain.Read(Encoding.UTF8.GetBytes(message), "example.com", out _));

    [Fact]
    public void What_the_client_writes_the_server_reads()
    {
        Assert.Null(Plain.Read(Plain.Message("j\u00FClia", "p\u00E4ss", "J\u00FClia@example.com"), "example.com", out var request));
        Assert.Equal(("j\u00FClia", "p\u00E4ss"), (request!.UserName, request.Password));
    }
}
