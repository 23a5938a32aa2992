using System.Text;
using Nyala.Xmpp.Xml;
using Xunit;

namespace Nyala.Xmpp.Tests.Xml;

public sealed class ReaderLimitsTests
{
    [Fact]
    public void A_stanza_as_large_as_the_limit_passes_and_one_byte_more_does_not()
    {
        var limits = new ReaderLimits(StanzaBytes: Reading.Header.Length + 10);
        var stanza = "<message>" + new string('a', limits.StanzaBytes - 19) + "</message>";
        Assert.Equal(limits.StanzaBytes, stanza.Length);
        Assert.Equal([stanza, stanza], Reading.InStream(stanza + stanza, limits));
        Assert.Equal([stanza, "error policy-violation"], Reading.InStream(stanza + stanza.Replace("<message>", "<message>a", StringComparison.Ordinal), limits));
    }

    [Fact]
    public void A_stanza_too_big_says_so()
    {
        var reader = new XmppReader(Framing.Stream, new ReaderLimits(StanzaBytes: 1000));
        reader.Read(Encoding.UTF8.GetBytes(Reading.Header), out _);
        Assert.Equal(ReadResult.Error, reader.Read(Encoding.UTF8.GetBytes("<message a='" + new string('x', 2000)), out _));
        Assert.Equal("policy-violation", reader.Error.Condition);
        Assert.Contains("1000", reader.Error.Text, StringComparison.Ordinal);
        Assert.Equal("stanza-too-big", reader.Error.Application?.Name);
        Assert.Equal(ReadResult.Error, reader.Read("more"u8, out var consumed));
        Assert.Equal(4, consumed);
    }

    [Fact]
    public void Limits_may_be_raised_while_the_stream_goes_on()
    {
        var reader = new XmppReader(Framing.Stream, new ReaderLimits(StanzaBytes: 1000));
        reader.Read(Encoding.UTF8.GetBytes(Reading.Header), out _);
        reader.Limits = new ReaderLimits(StanzaBytes: 4000);
        Assert.Equal(ReadResult.Stanza, reader.Read(Encoding.UTF8.GetBytes("<message a='" + new string('x', 2000) + "'/>"), out _));
    }

    [Fact]
    public void Depth_counts_the_stanza_itself()
    {
        var limits = new ReaderLimits(Depth: 3);
        Assert.Equal(["<a><b><c/></b></a>"], Reading.InStream("<a><b><c/></b></a>", limits));
        Assert.Equal(["error policy-violation"], Reading.InStream("<a><b><c><d/></c></b></a>", limits));
    }

    [Fact]
    public void Attributes_are_counted_with_namespace_declarations()
    {
        var limits = new ReaderLimits(Attributes: 3);
        Assert.Equal(["<a b='1' c='2' xmlns='urn:a'/>"], Reading.InStream("<a b='1' c='2' xmlns='urn:a'/>", limits));
        Assert.Equal(["error policy-violation"], Reading.InStream("<a b='1' c='2' xmlns='urn:a' d='3'/>", limits));
    }

    [Fact]
    public void A_short_prefix_for_a_long_namespace_cannot_make_a_stanza_grow_beyond_the_limit()
    {
        var input = Encoding.UTF8.GetBytes($"{Reading.Header}<message xmlns:p='urn:{new string('p', 900)}'>{string.Concat(Enumerable.Repeat("<p:a/>", 40_000))}</message>");
        var before = GC.GetAllocatedBytesForCurrentThread();
        Assert.Equal("error policy-violation", Reading.Run(Framing.Stream, null, input)[^1]);

        // Written out it would be 36 MB; it is refused before that.
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 15_000_000);
    }

    [Fact]
    public void Declarations_in_force_at_once_are_limited()
    {
        var stanza = new StringBuilder(Reading.Header);
        for (var depth = 0; depth < 30; depth++)
        {
            stanza.Append("<a");
            for (var prefix = 0; prefix < 10; prefix++)
            {
                stanza.Append(" xmlns:p").Append(prefix).Append("='urn:p'");
            }

            stanza.Append('>');
        }

        Assert.Equal("error policy-violation", Reading.Run(Framing.Stream, null, Encoding.UTF8.GetBytes(stanza.ToString()))[^1]);
    }

    [Fact]
    public void A_large_stanza_arrives_byte_by_byte_in_linear_time()
    {
        // Searched from its start again with every byte, this takes minutes.
        var stanza = $"<message a='{new string('x', 120_000)}'>{new string('y', 120_000)}</message>";
        var results = Reading.Run(Framing.Stream, null, [Encoding.UTF8.GetBytes(Reading.Header), .. Encoding.UTF8.GetBytes(stanza).Select(value => new[] { value })]);
        Assert.Equal(stanza, results[^1]);
    }
}
