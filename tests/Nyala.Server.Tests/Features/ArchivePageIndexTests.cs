using System.Xml.Linq;
using Nyala.Testing;
using Xunit;

namespace Nyala.Server.Tests.Features;

public sealed class ArchivePageIndexTests
{
    static readonly XNamespace Rsm = "http://jabber.org/protocol/rsm";

    [Theory]
    [InlineData("", "0")]
    [InlineData("<before/>", null)]
    public async Task Only_a_page_read_forwards_says_where_it_begins(string direction, string? index)
    {
        await using var server = await TestServer.StartAsync();
        await server.AddUserAsync("romeo");
        await using var romeo = await server.LoginAsync("romeo", "orchard");
        await romeo.SendAsync("<message to='romeo@localhost' id='a'><body>to myself</body></message>");
        await romeo.SendAsync(
            $"<iq type='set' id='q'><query xmlns='urn:xmpp:mam:2'><set xmlns='http://jabber.org/protocol/rsm'><max>5</max>{direction}</set></query></iq>");
        var set = (await romeo.AwaitAsync("<iq type='result' id='q'/>")).Descendants(Rsm + "set").Single();
        Assert.Equal("1", set.Element(Rsm + "count")?.Value);
        Assert.Equal(index, set.Element(Rsm + "first")?.Attribute("index")?.Value);
    }
}
