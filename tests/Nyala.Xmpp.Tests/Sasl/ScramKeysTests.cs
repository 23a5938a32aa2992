using Nyala.Xmpp.Sasl;
using Xunit;

namespace Nyala.Xmpp.Tests.Sasl;

public sealed class ScramKeysTests
{
    [Fact]
    public void Stored_keys_come_back_and_verify_the_password_only()
    {
        foreach (var keys in ScramKeys.DeriveAll("p\u00E4ss word", 100)!)
        {
            Assert.True(ScramKeys.TryParse(keys.Serialize(), out var again));
            Assert.Same(keys.Hash, again.Hash);
            Assert.Equal(100, again.Iterations);
            Assert.Equal(keys.Serialize(), again.Serialize());
            Assert.True(again.Verify("p\u00E4ss word"));
            Assert.True(again.Verify("pa\u0308ss\u00A0word")); // prepared to the same
            Assert.False(again.Verify("p\u00E4ss Word"));
            Assert.False(again.Verify(""));
            Assert.False(again.Verify("p\u00E4ss\tword"));
        }
    }

    [Fact]
    public void One_password_never_makes_the_same_keys_twice()
    {
        Assert.NotEqual(ScramKeys.Derive(ScramHash.Sha1, "pencil", 1)!.Serialize(), ScramKeys.Derive(ScramHash.Sha1, "pencil", 1)!.Serialize());
        Assert.Equal(3, ScramKeys.DeriveAll("pencil", 1)!.Select(keys => Convert.ToHexString(keys.Salt)).Distinct().Count());
    }

    [Theory]
    [InlineData("")]
    [InlineData("a\0b")]
    [InlineData("a\nb")]
    public void What_is_no_password_has_no_keys(string password)
    {
        Assert.Null(ScramKeys.DeriveAll(password, 1));
        Assert.Null(ScramKeys.Derive(ScramHash.Sha1, password, 1));
    }

    [Fact]
    public void Stored_bytes_that_were_damaged_are_refused()
    {
        var bytes = ScramKeys.Derive(ScramHash.Sha256, "pencil", 1)!.Serialize();
        Assert.False(ScramKeys.TryParse([], out _));
        Assert.False(ScramKeys.TryParse(bytes.AsSpan(1), out _));
        Assert.False(ScramKeys.TryParse(bytes.AsSpan(0, bytes.Length - 1), out _));
        Assert.False(ScramKeys.TryParse([.. bytes, 0], out _));
        Assert.False(ScramKeys.TryParse([9, .. bytes.AsSpan(1)], out _));
        Assert.False(ScramKeys.TryParse([2, 0xFF, .. bytes.AsSpan(2)], out _));
    }
}
