using System.Text;
using Xunit;

namespace Nyala.Xmpp.Tests.Addresses;

public sealed class JidTests
{
    [Theory]
    [InlineData("juliet@example.com", "juliet", "example.com", null)]
    [InlineData("juliet@example.com/foo", "juliet", "example.com", "foo")]
    [InlineData("juliet@example.com/foo bar", "juliet", "example.com", "foo bar")]
    [InlineData("juliet@example.com/foo@bar", "juliet", "example.com", "foo@bar")]
    [InlineData("foo\\20bar@example.com", "foo\\20bar", "example.com", null)]
    [InlineData("fussball@example.com", "fussball", "example.com", null)]
    [InlineData("fu\u00DFball@example.com", "fu\u00DFball", "example.com", null)]
    [InlineData("\u03C0@example.com", "\u03C0", "example.com", null)]
    [InlineData("\u03A3@example.com/foo", "\u03C3", "example.com", "foo")]
    [InlineData("\u03C3@example.com/foo", "\u03C3", "example.com", "foo")]
    [InlineData("\u03C2@example.com/foo", "\u03C2", "example.com", "foo")]
    [InlineData("king@example.com/\u265A", "king", "example.com", "\u265A")]
    [InlineData("example.com", null, "example.com", null)]
    [InlineData("example.com/foobar", null, "example.com", "foobar")]
    [InlineData("a.example.com/b@example.net", null, "a.example.com", "b@example.net")]
    public void The_addresses_of_RFC_7622_section_3_5_are_read(string text, string? local, string domain, string? resource)
    {
        var jid = Jid.Parse(text);
        Assert.Equal((local, domain, resource), (jid.Local, jid.Domain, jid.Resource));
    }

    [Theory]
    [InlineData("\"juliet\"@example.com")]
    [InlineData("foo bar@example.com")]
    [InlineData("@example.com/")]
    [InlineData("henry\u2163@example.com")]
    [InlineData("\u265A@example.com")]
    [InlineData("juliet@")]
    [InlineData("/foobar")]
    public void What_RFC_7622_section_3_5_calls_no_address_is_refused(string text) => Assert.False(Jid.TryParse(text, out _));

    [Theory]
    [InlineData("")]
    [InlineData("@")]
    [InlineData("juliet@example.com/")]
    [InlineData("@example.com")]
    [InlineData("a@b@example.com")]
    [InlineData("ju&liet@example.com")]
    [InlineData("ju'liet@example.com")]
    [InlineData("ju:liet@example.com")]
    [InlineData("ju<liet@example.com")]
    [InlineData("ju>liet@example.com")]
    [InlineData("\uFF02juliet@example.com")]
    [InlineData("juliet\uFF20x@example.com")]
    [InlineData("juliet\0@example.com")]
    [InlineData("juliet@example.com/a\0b")]
    [InlineData("juliet@example.com/a\u200Bb")]
    [InlineData("juliet\u00AD@example.com")]
    [InlineData("juliet@exa mple.com")]
    [InlineData("juliet@example..com")]
    [InlineData("juliet@.example.com")]
    [InlineData("juliet@.")]
    [InlineData("juliet@-example.com")]
    [InlineData("juliet@example-.com")]
    [InlineData("juliet@exam_ple.com")]
    [InlineData("juliet@\u2665.example")]
    [InlineData("juliet@xn--.example")]
    [InlineData("juliet@xn--zzzzzzzzzz99999999999.example")]
    [InlineData("juliet@[127.0.0.1]")]
    [InlineData("juliet@[::1")]
    [InlineData("juliet@::1")]
    [InlineData("juliet@[fe80::1%eth0]")]
    [InlineData("juliet@[]")]
    public void What_is_no_address_is_refused(string text) => Assert.False(Jid.TryParse(text, out _));

    [Fact]
    public void Half_a_surrogate_pair_is_refused()
    {
        Assert.False(Jid.TryParse("jul\uD800iet@example.com", out _));
        Assert.False(Jid.TryParse("juliet@exam\uDC00ple.com", out _));
        Assert.False(Jid.TryParse("juliet@example.com/\uD800", out _));
    }

    [Theory]
    [InlineData("Juliet@EXAMPLE.com", "juliet@example.com")]
    [InlineData("JULIET@Example.Com/Balcony", "juliet@example.com/Balcony")]
    [InlineData("\uFF2A\uFF35\uFF2Ciet@example.com", "juliet@example.com")]
    [InlineData("juliet@example.com.", "juliet@example.com")]
    [InlineData("juliet@example.com./x", "juliet@example.com/x")]
    [InlineData("e\u0301@example.com", "\u00E9@example.com")]
    [InlineData("\u00C9@example.com", "\u00E9@example.com")]
    [InlineData("\u0130@example.com", "i\u0307@example.com")]
    [InlineData("x@XN--BCHER-KVA.example", "x@b\u00FCcher.example")]
    [InlineData("x@B\u00DCCHER.example", "x@b\u00FCcher.example")]
    [InlineData("x@fa\u00DF.example", "x@fa\u00DF.example")]
    [InlineData("x@[2001:DB8:0:0::1]", "x@[2001:db8::1]")]
    [InlineData("x@192.0.2.1", "x@192.0.2.1")]
    [InlineData("x@example.com/e\u0301", "x@example.com/\u00E9")]
    [InlineData("x@example.com/a\u00A0b", "x@example.com/a b")]
    [InlineData("x@example.com/\uFF21", "x@example.com/\uFF21")]
    public void Equivalent_spellings_become_one(string text, string prepared)
    {
        Assert.Equal(prepared, Jid.Parse(text).ToString());
        Assert.Equal(Jid.Parse(prepared), Jid.Parse(text));
        Assert.True(Jid.TryParse(Encoding.UTF8.GetBytes(text), out var jid));
        Assert.Equal(prepared, jid.ToString());
        Assert.Equal(Jid.Parse(prepared).GetHashCode(), jid.GetHashCode());
    }

    [Fact]
    public void Each_part_may_have_1023_bytes_and_no_more()
    {
        var label = new string('d', 62) + ".";
        var domain = string.Concat(Enumerable.Repeat(label, 16)) + new string('d', 15);
        Assert.Equal(1023, domain.Length);
        var part = new string('p', 1023);
        Assert.True(Jid.TryParse($"{part}@{domain}/{part}", out var jid));
        Assert.True(Jid.TryParse(Encoding.UTF8.GetBytes(jid.ToString()), out var again));
        Assert.Equal(jid, again);
        Assert.False(Jid.TryParse($"p{part}@{domain}/{part}", out _));
        Assert.False(Jid.TryParse($"{part}@{domain}d/{part}", out _));
        Assert.False(Jid.TryParse($"{part}@{domain}/{part}p", out _));
        Assert.True(Jid.TryParse(new string('\u00E9', 511) + "@example.com", out _));
        Assert.False(Jid.TryParse(new string('\u00E9', 512) + "@example.com", out _));
        Assert.False(Jid.TryParse(new byte[100_000], out _));
    }

    [Theory]
    [InlineData(0xC3, 0x28)]
    [InlineData(0xC0, 0x80)]
    [InlineData(0xED, 0xA0)]
    [InlineData(0xFF, 0xFE)]
    public void Bytes_that_are_not_UTF_8_are_no_address(byte first, byte second)
    {
        Assert.False(Jid.TryParse([(byte)'a', first, second, (byte)'@', (byte)'b'], out _));
        Assert.False(Jid.TryParse([(byte)'a', (byte)'@', (byte)'b', (byte)'/', first, second], out _));
    }

    [Fact]
    public void A_repeated_address_is_the_same_object_and_costs_nothing()
    {
        byte[][] addresses = ["juliet@example.com/balcony"u8.ToArray(), "example.com"u8.ToArray(), "j\u00FClia@example.com/\u2665"u8.ToArray()];
        foreach (var bytes in addresses)
        {
            Assert.True(Jid.TryParse(bytes, out var first));
            var before = GC.GetAllocatedBytesForCurrentThread();
            Assert.True(Jid.TryParse(bytes, out var second));
            Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
            Assert.Same(first, second);
        }
    }

    [Fact]
    public void A_plain_address_costs_its_object_and_strings()
    {
        Jid.Parse("warm@example.com/up");
        var before = GC.GetAllocatedBytesForCurrentThread();
        Assert.True(Jid.TryParse("romeo@example.com/orchard", out _));
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 1, 72 + 40 + 40);
    }

    [Fact]
    public void The_bare_address_is_made_once()
    {
        var full = Jid.Parse("juliet@example.com/balcony");
        Assert.True(full.IsFull);
        Assert.Same(full.Bare, full.Bare);
        Assert.Equal("juliet@example.com", full.Bare.ToString());
        Assert.Same(full.Bare, full.Bare.Bare);
        Assert.True(full.Bare.IsBare);
        Assert.NotEqual(full, full.Bare);
    }

    [Fact]
    public void A_resource_is_prepared_when_added()
    {
        var bare = Jid.Parse("juliet@example.com");
        Assert.Equal("juliet@example.com/a b", bare.WithResource("a\u2003b")?.ToString());
        Assert.Null(bare.WithResource(""));
        Assert.Null(bare.WithResource("a\u0007b"));
        Assert.Null(bare.WithResource(new string('x', 1024)));
        Assert.Equal("juliet@example.com/y", Jid.Parse("juliet@example.com/x").WithResource("y")?.ToString());
    }

    [Fact]
    public void Prepared_parts_are_taken_as_they_are()
    {
        Assert.Equal(Jid.Parse("juliet@example.com/x"), Jid.FromPrepared("juliet", "example.com", "x"));
        Assert.Equal("example.com", Jid.FromPrepared(null, "example.com").ToString());
    }

    [Fact]
    public void Parse_names_what_it_refuses() =>
        Assert.Contains("no@body@here", Assert.Throws<FormatException>(() => Jid.Parse("no@body@here")).Message, StringComparison.Ordinal);
}
