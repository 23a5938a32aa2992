using Xunit;

namespace Nyala.Xmpp.Tests.Addresses;

public sealed class PrecisTests
{
    [Theory]
    [InlineData("juliet", "juliet")]
    [InlineData("Juliet@Example", "juliet@example")]
    [InlineData("fu\u00DFball", "fu\u00DFball")]
    [InlineData("\u03A3", "\u03C3")]
    [InlineData("\u03C2", "\u03C2")]
    [InlineData("\uFF21\uFF76", "a\u30AB")]
    [InlineData("\uFFA1", null)] // becomes U+3131, which has a compatibility mapping itself
    [InlineData("A\u030A", "\u00E5")]
    [InlineData("\U00010400", "\U00010428")]
    [InlineData("henry\u2163", null)] // RFC 8265 §3.5: a Roman numeral
    [InlineData("\u265A", null)]
    [InlineData("foo bar", null)]
    [InlineData("", null)]
    [InlineData("a\u00A0b", null)]
    [InlineData("a\u200Db", null)]
    [InlineData("a\u0640b", null)]
    [InlineData("\u1100\u1161", "\uAC00")] // conjoining jamo compose
    [InlineData("\u1100", null)]
    [InlineData("a\uFE0F", null)]
    [InlineData("a\u0378", null)] // unassigned
    [InlineData("a\uE000", null)]
    [InlineData("\U0001F600", null)]
    public void UsernameCaseMapped_maps_and_refuses(string text, string? prepared)
    {
        Assert.Equal(prepared is not null, Xmpp.Precis.TryUsernameCaseMapped(text, out var actual));
        Assert.Equal(prepared, actual);
    }

    [Theory]
    [InlineData("correct horse battery staple", "correct horse battery staple")]
    [InlineData("Correct Horse", "Correct Horse")]
    [InlineData("\u03C0\u00DF\u00E5", "\u03C0\u00DF\u00E5")]
    [InlineData("Jack of \u2666s", "Jack of \u2666s")]
    [InlineData("foo\u1680bar", "foo bar")]
    [InlineData("a\u030A", "\u00E5")]
    [InlineData("\uFF21", "\uFF21")]
    [InlineData("\u2163", "\u2163")]
    [InlineData("\U0001F600", "\U0001F600")]
    [InlineData("", null)]
    [InlineData("my cat is a \u0009by", null)] // RFC 8265 §4.3
    [InlineData("a\u200Bb", null)]
    [InlineData("a\uFEFFb", null)]
    [InlineData("a\uFDD0b", null)]
    [InlineData("a\U0001FFFEb", null)]
    public void OpaqueString_maps_and_refuses(string text, string? prepared)
    {
        Assert.Equal(prepared is not null, Xmpp.Precis.TryOpaqueString(text, out var actual));
        Assert.Equal(prepared, actual);
    }

    [Theory]
    [InlineData("l\u00B7l", true)] // A.3, Catalan
    [InlineData("a\u00B7l", false)]
    [InlineData("l\u00B7", false)]
    [InlineData("\u0375\u03B1", true)] // A.4
    [InlineData("\u0375a", false)]
    [InlineData("\u05D0\u05F3", true)] // A.5
    [InlineData("\u05F3\u05D0", false)]
    [InlineData("\u30AB\u30FB\u30AB", true)] // A.7
    [InlineData("a\u30FBb", false)]
    [InlineData("\u0628\u0661", true)] // A.8
    [InlineData("\u0628\u0661\u06F1", false)]
    [InlineData("\u0915\u094D\u200C\u0937", true)] // A.1, after a virama
    [InlineData("\u0915\u094D\u200D\u0937", true)] // A.2
    [InlineData("\u0915\u200D\u0937", false)]
    [InlineData("\u0646\u0645\u06CC\u200C\u062E\u0648\u0627\u0647\u0645", true)] // A.1, Persian
    [InlineData("\u0627\u200C\u0628", false)] // alef does not join to the left
    [InlineData("a\u200Cb", false)]
    [InlineData("\u200C", false)]
    public void Rules_about_neighbours_hold(string text, bool allowed) =>
        Assert.Equal(allowed, Xmpp.Precis.TryUsernameCaseMapped(text, out _));

    [Theory]
    [InlineData("\u05D0\u05D1", true)]
    [InlineData("\u05D01", true)]
    [InlineData("\u0628\u0661", true)]
    [InlineData("\u05D0\u05B0", true)] // ends in a mark
    [InlineData("1\u05D0", false)] // condition 1
    [InlineData("a\u05D0", false)] // condition 5
    [InlineData("\u05D0a", false)] // condition 2
    [InlineData("\u05D0-", false)] // condition 3
    [InlineData("\u0628\u06611", false)] // condition 4
    public void Names_keep_the_bidi_rule(string text, bool allowed) =>
        Assert.Equal(allowed, Xmpp.Precis.TryUsernameCaseMapped(text, out _));

    [Fact]
    public void The_self_test_passes_here() => Xmpp.Precis.SelfTest();
}
