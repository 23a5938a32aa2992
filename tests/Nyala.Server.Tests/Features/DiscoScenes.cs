using System.Security.Cryptography;
using System.Text;
using System.Xml.Linq;
using Nyala.Testing;
using Xunit;

namespace Nyala.Server.Tests.Features;

/// <summary>XEP-0030, XEP-0115, XEP-0390, and who announces what.</summary>
public sealed class DiscoScenes(SharedServer shared) : Scene(shared)
{
    const string Info = "<query xmlns='http://jabber.org/protocol/disco#info'/>";
    const string Items = "<query xmlns='http://jabber.org/protocol/disco#items'/>";
    static readonly XNamespace DiscoInfo = "http://jabber.org/protocol/disco#info";
    static readonly XNamespace DataForms = "jabber:x:data";

    [Fact]
    public async Task One_table_says_who_announces_what()
    {
        var romeo = await LoginAsync(Romeo);
        var domain = Features(await InfoAsync(romeo, "<identity category='server' type='im'/>", "localhost"));
        var account = Features(await InfoAsync(romeo, "<identity category='account' type='registered'/>", Romeo));
        string[] ofBoth = [DiscoInfo.NamespaceName, "http://jabber.org/protocol/disco#items", "urn:xmpp:ping", "vcard-temp"];
        string[] ofAccount = ["urn:xmpp:mam:2", "urn:xmpp:mam:2#extended", "urn:xmpp:sid:0"];
        string[] ofDomain =
        [
            "urn:xmpp:carbons:2", "urn:xmpp:blocking", "jabber:iq:version", "jabber:iq:last", "urn:xmpp:time", "msgoffline", "jabber:iq:private",
            "http://jabber.org/protocol/caps",
        ];
        string[] ofStream = ["urn:xmpp:csi:0", "urn:xmpp:sm:3", "urn:xmpp:features:rosterver", "urn:xmpp:features:pre-approval"];
        Assert.All(ofBoth, feature => Assert.Contains(feature, account));
        Assert.All(ofBoth, feature => Assert.Contains(feature, domain));
        Assert.All(ofAccount, feature => Assert.Contains(feature, account));
        Assert.All(ofAccount, feature => Assert.DoesNotContain(feature, domain));
        Assert.All(ofDomain, feature => Assert.Contains(feature, domain));
        Assert.All(ofDomain, feature => Assert.DoesNotContain(feature, account));
        var (_, features) = await AuthenticateAsync();
        var stream = features.Elements().Select(feature => feature.Name.NamespaceName).ToList();
        Assert.All(ofStream, feature => Assert.Contains(feature, stream));
        Assert.All(ofStream, feature => Assert.DoesNotContain(feature, domain.Concat(account)));
        Assert.All(ofAccount.Concat(ofDomain).Except(["http://jabber.org/protocol/caps"]), feature => Assert.DoesNotContain(feature, stream));
    }

    [Fact]
    public async Task An_account_shows_itself_to_those_who_see_its_presence_and_looks_like_nobody_to_others()
    {
        var romeo = await ArriveAsync(Romeo);
        var juliet = await ArriveAsync(Juliet);
        foreach (var (payload, type, condition) in ((string, string, string)[])
            [(Info, "get", "service-unavailable"), ("<query xmlns='jabber:iq:last'/>", "get", "service-unavailable"), ("<vCard xmlns='vcard-temp'/>", "get", "service-unavailable"),
            ("<ping xmlns='urn:xmpp:ping'/>", "get", "service-unavailable"), ("<query xmlns='jabber:iq:register'/>", "get", "service-unavailable"),
            ("<blocklist xmlns='urn:xmpp:blocking'/>", "get", "service-unavailable"), ("<x xmlns='example:unknown'/>", "get", "service-unavailable"),
            ("<query xmlns='jabber:iq:roster'/>", "get", "service-unavailable"), ("<query xmlns='jabber:iq:roster'><item jid='a@b'/></query>", "set", "forbidden"),
            ("<vCard xmlns='vcard-temp'/>", "set", "forbidden"), ("<query xmlns='urn:xmpp:mam:2'/>", "get", "forbidden"), ("<query xmlns='urn:xmpp:mam:2'/>", "set", "forbidden"),
            ("<query xmlns='jabber:iq:private'><a xmlns='x'/></query>", "get", "forbidden"), ("<query xmlns='jabber:iq:private'><a xmlns='x'/></query>", "set", "forbidden")])
        {
            var answer = await AnswerAsync(romeo, Juliet, payload, type);
            Assert.Contains(condition, answer, StringComparison.Ordinal);
            Assert.Equal(await AnswerAsync(romeo, "nobody@localhost", payload, type), answer);
        }

        // XEP-0030 §8: no error, but nothing.
        foreach (var items in (string[])[Items, "<query xmlns='http://jabber.org/protocol/disco#items' node='urn:example'/>"])
        {
            var answer = await AnswerAsync(romeo, Juliet, items);
            Assert.DoesNotContain("<item", answer, StringComparison.Ordinal);
            Assert.Contains("result", answer, StringComparison.Ordinal);
            Assert.Equal(await AnswerAsync(romeo, "nobody@localhost", items), answer);
        }

        await SubscribeAsync(romeo, juliet);
        await InfoAsync(romeo, "<identity category='account' type='registered'/>", Juliet);
        await AskAsync(romeo, "get", Items, $"<query xmlns='http://jabber.org/protocol/disco#items'><item jid='{juliet.Address}'/></query>", Juliet);
    }

    [Fact]
    public async Task The_hash_in_the_stream_features_stands_for_what_the_server_says()
    {
        var (romeo, features) = await AuthenticateAsync();
        var caps = features.Element(XName.Get("c", "http://jabber.org/protocol/caps"))!;
        var hash = features.Element(XName.Get("c", "urn:xmpp:caps"))!.Value;
        await romeo.SendAsync("<iq type='set' id='bind'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></iq>");
        await romeo.ExpectAsync("<iq type='result' id='bind'/>");
        foreach (var node in (string[])[$"{caps.Attribute("node")!.Value}#{caps.Attribute("ver")!.Value}", $"urn:xmpp:caps#sha-256.{hash}"])
        {
            var query = $"<query xmlns='http://jabber.org/protocol/disco#info' node='{node}'/>";
            Assert.Equal(caps.Attribute("ver")!.Value, Hash((await AskAsync(romeo, "get", query, query, "localhost")).Element(DiscoInfo + "query")!));
        }

        Assert.Equal("sha-1", caps.Attribute("hash")!.Value);
        await RefusedAsync(romeo, "get", "<query xmlns='http://jabber.org/protocol/disco#info' node='else'/>", "item-not-found", "localhost");
    }

    /// <summary>XEP-0115 §5.1, with this test's own hand.</summary>
    static string Hash(XElement info)
    {
        var identities = info.Elements(DiscoInfo + "identity").Select(identity =>
            $"{identity.Attribute("category")!.Value}/{identity.Attribute("type")!.Value}/{identity.Attribute(XNamespace.Xml + "lang")?.Value}/{identity.Attribute("name")?.Value}<");
        var text = string.Concat(identities.Order(StringComparer.Ordinal)) + string.Concat(Features(info).Order(StringComparer.Ordinal).Select(feature => feature + "<"))
            + string.Concat(info.Elements(DataForms + "x").Select(Form).Order(StringComparer.Ordinal));
#pragma warning disable CA5350 // The specification's hash; nothing rests on its strength.
        return Convert.ToBase64String(SHA1.HashData(Encoding.UTF8.GetBytes(text)));
#pragma warning restore CA5350
    }

    /// <summary>XEP-0115 §5.1, steps 6 and 7: the type of a form, then its fields in order, each with its values in order.</summary>
    static string Form(XElement x)
    {
        var fields = x.Elements(DataForms + "field").ToLookup(field => field.Attribute("var")!.Value, field => field.Elements(DataForms + "value").Select(value => value.Value).Order(StringComparer.Ordinal));
        return $"{fields["FORM_TYPE"].Single().Single()}<" + string.Concat(fields.Where(field => field.Key != "FORM_TYPE").OrderBy(field => field.Key, StringComparer.Ordinal)
            .Select(field => $"{field.Key}<{string.Concat(field.Single().Select(value => value + "<"))}"));
    }

    static async Task<XElement> InfoAsync(Wire wire, string identity, string to) =>
        (await AskAsync(wire, "get", Info, $"<query xmlns='http://jabber.org/protocol/disco#info'>{identity}</query>", to)).Element(DiscoInfo + "query")!;

    static List<string> Features(XElement info) => [.. info.Elements(DiscoInfo + "feature").Select(feature => feature.Attribute("var")!.Value)];

    /// <summary>Romeo's new stream before it is bound, and its features.</summary>
    async Task<(Wire Romeo, XElement Features)> AuthenticateAsync()
    {
        var romeo = await ConnectAsync();
        await romeo.OpenAsync();
        var response = Convert.ToBase64String(Encoding.UTF8.GetBytes($"\0{Romeo.Split('@')[0]}\0{TestServer.Password}"));
        await romeo.SendAsync($"<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>{response}</auth>");
        await romeo.ExpectAsync("<success xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>");
        return (romeo, await romeo.OpenAsync());
    }
}
