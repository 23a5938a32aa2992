using Nyala.Xmpp.Payloads;
using Nyala.Xmpp.Xml;
using Xunit;

namespace Nyala.Xmpp.Tests.Payloads;

public sealed class ResultSetTests
{
    public static TheoryData<ResultSetRequest, string> Requests => new()
    {
        { new(), "<set xmlns='http://jabber.org/protocol/rsm'/>" },
        { new(Max: 10), "<set xmlns='http://jabber.org/protocol/rsm'><max>10</max></set>" },
        { new(Max: 0), "<set xmlns='http://jabber.org/protocol/rsm'><max>0</max></set>" },
        { new(Max: 10, After: "x"), "<set xmlns='http://jabber.org/protocol/rsm'><max>10</max><after>x</after></set>" },
        { new(Before: ""), "<set xmlns='http://jabber.org/protocol/rsm'><before/></set>" },
        { new(Before: "y", Index: 3), "<set xmlns='http://jabber.org/protocol/rsm'><before>y</before><index>3</index></set>" },
    };

    [Theory]
    [MemberData(nameof(Requests))]
    public void A_request_is_written_and_read(ResultSetRequest request, string xml)
    {
        Assert.Equal(xml, request.ToElement().ToString());
        Assert.True(ResultSetRequest.TryParse(request.ToElement(), out var again));
        Assert.Equal(request, again);
    }

    [Theory]
    [InlineData("max", "")]
    [InlineData("max", "-1")]
    [InlineData("max", "ten")]
    [InlineData("max", "1.5")]
    [InlineData("max", "\u0661")]
    [InlineData("index", "x")]
    [InlineData("after", "")]
    public void A_malformed_request_is_refused(string name, string text) =>
        Assert.False(ResultSetRequest.TryParse(new Element("set", Ns.Rsm).Add(name, text), out _));

    [Fact]
    public void A_number_beyond_ours_is_the_largest()
    {
        Assert.True(ResultSetRequest.TryParse(new Element("set", Ns.Rsm).Add("max", "99999999999999999999"), out var request));
        Assert.Equal(int.MaxValue, request.Max);
    }

    [Fact]
    public void An_answer_is_written_and_read()
    {
        var page = new ResultSet("a", "z", 26, 0);
        Assert.Equal(
            "<set xmlns='http://jabber.org/protocol/rsm'><first index='0'>a</first><last>z</last><count>26</count></set>", page.ToElement().ToString());
        Assert.True(ResultSet.TryParse(page.ToElement(), out var again));
        Assert.Equal(page, again);
        Assert.Equal("<set xmlns='http://jabber.org/protocol/rsm'><count>0</count></set>", new ResultSet(Count: 0).ToElement().ToString());
    }
}
