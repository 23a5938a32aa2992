using System.Text;
using Nyala.Xmpp.Payloads;
using Nyala.Xmpp.Xml;
using Xunit;

namespace Nyala.Xmpp.Tests.Payloads;

public sealed class TimeTests
{
    [Theory]
    [InlineData("1969-07-21T02:56:15Z", "1969-07-21T02:56:15.000Z")]
    [InlineData("1969-07-20T21:56:15-05:00", "1969-07-21T02:56:15.000Z")]
    [InlineData("2002-09-10T23:08:25.123Z", "2002-09-10T23:08:25.123Z")]
    [InlineData("2002-09-10T23:08:25.1Z", "2002-09-10T23:08:25.100Z")]
    [InlineData("2002-09-10T23:08:25.123456789012Z", "2002-09-10T23:08:25.123Z")]
    [InlineData("2002-09-10T23:08:25.5+02:30", "2002-09-10T20:38:25.500Z")]
    [InlineData("2024-02-29T00:00:00+00:00", "2024-02-29T00:00:00.000Z")]
    public void Times_are_read_and_written_in_UTC(string text, string canonical)
    {
        Assert.True(DateTimeProfile.TryParse(text, out var time));
        Assert.Equal(canonical, DateTimeProfile.Format(time));
        var bytes = new byte[DateTimeProfile.Size];
        DateTimeProfile.Write(bytes, time);
        Assert.Equal(canonical, Encoding.ASCII.GetString(bytes));
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("2002-09-10")]
    [InlineData("2002-09-10T23:08:25")]
    [InlineData("2002-09-10 23:08:25Z")]
    [InlineData("2002-09-10T23:08:25z")]
    [InlineData("2002-09-10T23:08:25.Z")]
    [InlineData("2002-09-10T23:08:60Z")]
    [InlineData("2002-09-10T24:00:00Z")]
    [InlineData("2023-02-29T00:00:00Z")]
    [InlineData("2002-13-10T23:08:25Z")]
    [InlineData("2002-09-10T23:08:25+5:00")]
    [InlineData("2002-09-10T23:08:25+15:00")]
    [InlineData("2002-09-10T23:08:25+0500")]
    [InlineData("2002-09-10T23:08:25ZZ")]
    [InlineData(" 2002-09-10T23:08:25Z")]
    [InlineData("0001-01-01T00:00:00+01:00")]
    [InlineData("9999-12-31T23:59:59-01:00")]
    [InlineData("20020910T23:08:25")]
    [InlineData("\u0662002-09-10T23:08:25Z")]
    public void What_is_no_time_is_refused(string? text) => Assert.False(DateTimeProfile.TryParse(text, out _));

    [Fact]
    public void A_delay_is_written_and_read()
    {
        var delay = new Delay(DateTimeOffset.UnixEpoch, Jid.Parse("capulet.com"), "Offline Storage");
        Assert.Equal(
            "<delay xmlns='urn:xmpp:delay' from='capulet.com' stamp='1970-01-01T00:00:00.000Z'>Offline Storage</delay>", delay.ToElement().ToString());
        Assert.True(Delay.TryParse(delay.ToElement(), out var again));
        Assert.Equal(delay, again);
    }

    [Fact]
    public void A_delay_without_stamp_or_with_a_wrong_address_is_refused()
    {
        Assert.False(Delay.TryParse(new Element("delay", Ns.Delay), out _));
        Assert.False(Delay.TryParse(new Element("delay", Ns.Delay).Set("stamp", "2002-09-10T23:08:25Z").Set("from", "a@b@c"), out _));
        Assert.False(Delay.TryParse(new Element("x", "jabber:x:delay").Set("stamp", "2002-09-10T23:08:25Z"), out _));
    }

    [Fact]
    public void A_forwarded_stanza_is_written_and_read()
    {
        var message = new Element("message", Ns.Client).Set("to", "juliet@example.com").Add("body", "hi");
        var forwarded = new Forwarded(message, new Delay(DateTimeOffset.UnixEpoch));
        Assert.Equal(
            "<forwarded xmlns='urn:xmpp:forward:0'><delay xmlns='urn:xmpp:delay' stamp='1970-01-01T00:00:00.000Z'/>"
            + "<message xmlns='jabber:client' to='juliet@example.com'><body>hi</body></message></forwarded>",
            forwarded.ToElement().ToString());
        Assert.True(Forwarded.TryParse(forwarded.ToElement(), out var again));
        Assert.Equal(forwarded, again);
    }

    [Fact]
    public void A_forwarding_holds_one_stanza_and_one_valid_delay()
    {
        var message = new Element("message", Ns.Client);
        Assert.False(Forwarded.TryParse(new Element("forwarded", Ns.Forward), out _));
        Assert.False(Forwarded.TryParse(new Element("forwarded", Ns.Forward).Add(message).Add(message), out _));
        Assert.False(Forwarded.TryParse(new Element("forwarded", Ns.Forward).Add(new Element("message", Ns.Forward)), out _));
        Assert.False(Forwarded.TryParse(new Element("forwarded", Ns.Forward).Add(new Element("delay", Ns.Delay)).Add(message), out _));
        Assert.False(Forwarded.TryParse(message, out _));
    }
}
