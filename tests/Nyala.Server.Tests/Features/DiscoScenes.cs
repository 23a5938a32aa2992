using System.Security.Cryptography;
using System.Text;
using System.Xml.Linq;
using Nyala.Testing;
using Xunit;

namespace Nyala.Server.Tests.Features;

/// <summary>XEP-0030, XEP-0115, and who announces what.</summary>
public sealed class DiscoScenes
{
    const string Info = "<query xmlns='http://jabber.org/protocol/disco#info'/>";
    const string Items = "<query xmlns='http://jabber.org/protocol/disco#items'/>";
    static readonly XNamespace DiscoInfo = "http://jabber.org/protocol/disco#info";

    [Fact]
    public async Task One_table_says_who_announces_what()
    {
        await using var server = await Scenery.WithAsync("romeo");
        await using var romeo = await server.LoginAsync("romeo", "garden");
        var domain = Features(await InfoAsync(romeo, "localhost"));
        var account = Features(await InfoAsync(romeo, "romeo@localhost"));
        string[] ofAccount = ["urn:xmpp:mam:2", "urn:xmpp:mam:2#extended", "urn:xmpp:sid:0"];
        string[] ofDomain = ["urn:xmpp:carbons:2", "urn:xmpp:blocking", "jabber:iq:version", "jabber:iq:last", "urn:xmpp:time"];
        string[] ofStream = ["urn:xmpp:csi:0", "urn:xmpp:sm:3", "urn:xmpp:features:rosterver", "urn:xmpp:features:pre-approval"];
        Assert.All(ofAccount, feature => Assert.Contains(feature, account));
        Assert.All(ofAccount, feature => Assert.DoesNotContain(feature, domain));
        Assert.All(ofDomain, feature => Assert.Contains(feature, domain));
        Assert.All(ofDomain, feature => Assert.DoesNotContain(feature, account));
        var stream = (await StreamFeaturesAsync(server)).Elements().Select(feature => feature.Name.NamespaceName).ToList();
        Assert.All(ofStream, feature => Assert.Contains(feature, stream));
        Assert.All(ofStream, feature => Assert.DoesNotContain(feature, domain.Concat(account)));
        Assert.All(ofAccount.Concat(ofDomain), feature => Assert.DoesNotContain(feature, stream));
    }

    [Fact]
    public async Task An_account_shows_itself_to_those_who_see_its_presence_and_looks_like_nobody_to_others()
    {
        await using var server = await Scenery.WithAsync("romeo", "juliet", "paris");
        await using var romeo = await server.EnterAsync("romeo", "garden");
        await using var juliet = await server.EnterAsync("juliet", "balcony");
        await using var paris = await server.EnterAsync("paris", "hall");
        await Scenery.BefriendAsync(romeo, juliet);
        foreach (var payload in (string[])
            [Info, Items, "<query xmlns='jabber:iq:last'/>", "<vCard xmlns='vcard-temp'/>", "<ping xmlns='urn:xmpp:ping'/>", "<query xmlns='urn:xmpp:mam:2'/>",
            "<query xmlns='jabber:iq:private'><a xmlns='x'/></query>", "<query xmlns='jabber:iq:register'/>", "<blocklist xmlns='urn:xmpp:blocking'/>", "<x xmlns='example:unknown'/>"])
        {
            var answer = await paris.AnswerAsync("romeo@localhost", payload);
            Assert.Contains("service-unavailable", answer, StringComparison.Ordinal);
            Assert.Equal(await paris.AnswerAsync("nobody@localhost", payload), answer);
        }

        ElementPattern.Parse("<query xmlns='http://jabber.org/protocol/disco#info'><identity category='account' type='registered'/></query>")
            .Require(await InfoAsync(juliet, "romeo@localhost"));
        await juliet.AskAsync(
            $"<iq type='get' id='i' to='romeo@localhost'>{Items}</iq>",
            "<iq type='result' id='i'><query xmlns='http://jabber.org/protocol/disco#items'><item jid='romeo@localhost/garden'/></query></iq>");
        await juliet.AskAsync(
            "<iq type='get' id='n' to='localhost'><query xmlns='http://jabber.org/protocol/disco#info' node='nowhere'/></iq>",
            "<iq type='error' id='n'><error><item-not-found xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>");
    }

    [Fact]
    public async Task The_hash_in_the_stream_features_is_that_of_the_answer()
    {
        await using var server = await Scenery.WithAsync("romeo");
        var caps = (await StreamFeaturesAsync(server)).Element(XName.Get("c", "http://jabber.org/protocol/caps"))!;
        await using var romeo = await server.LoginAsync("romeo", "garden");
        var node = $"{caps.Attribute("node")!.Value}#{caps.Attribute("ver")!.Value}";
        await romeo.SendAsync($"<iq type='get' id='i' to='localhost'><query xmlns='{DiscoInfo}' node='{node}'/></iq>");
        var answer = (await romeo.ExpectAsync("<iq type='result' id='i'/>")).Element(DiscoInfo + "query")!;
        Assert.Equal(node, answer.Attribute("node")!.Value);

        // XEP-0115 §5.1, with this test's own hand.
        var identities = answer.Elements(DiscoInfo + "identity").Select(identity =>
            $"{identity.Attribute("category")!.Value}/{identity.Attribute("type")!.Value}/{identity.Attribute(XNamespace.Xml + "lang")?.Value}/{identity.Attribute("name")?.Value}<");
        var text = string.Concat(identities.Order(StringComparer.Ordinal)) + string.Concat(Features(answer).Order(StringComparer.Ordinal).Select(feature => feature + "<"));
        Assert.Equal("sha-1", caps.Attribute("hash")!.Value);
#pragma warning disable CA5350 // The specification's hash; nothing rests on its strength.
        Assert.Equal(Convert.ToBase64String(SHA1.HashData(Encoding.UTF8.GetBytes(text))), caps.Attribute("ver")!.Value);
#pragma warning restore CA5350
    }

    static async Task<XElement> InfoAsync(Wire wire, string to)
    {
        await wire.SendAsync($"<iq type='get' id='info' to='{to}'>{Info}</iq>");
        return (await wire.AwaitAsync("<iq type='result' id='info'/>")).Element(DiscoInfo + "query")!;
    }

    static List<string> Features(XElement info) => [.. info.Elements(DiscoInfo + "feature").Select(feature => feature.Attribute("var")!.Value)];

    static async Task<XElement> StreamFeaturesAsync(TestServer server)
    {
        await using var wire = await server.ConnectAsync();
        await wire.OpenAsync();
        var plain = Convert.ToBase64String(Encoding.UTF8.GetBytes($"\0romeo\0{TestServer.Password}"));
        await wire.SendAsync($"<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>{plain}</auth>");
        await wire.ExpectAsync("<success xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>");
        return await wire.OpenAsync();
    }
}
