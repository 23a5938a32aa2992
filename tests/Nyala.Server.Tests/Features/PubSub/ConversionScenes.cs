using System.Security.Cryptography;
using System.Xml.Linq;
using Nyala.Testing;
using Xunit;

namespace Nyala.Server.Tests.Features.PubSub;

/// <summary>Avatars, vCards and bookmarks for clients old and new (XEP-0084, 0153, 0398, 0054, 0292, 0402, 0048).</summary>
public sealed class ConversionScenes(SharedServer shared) : PubSubScene(shared)
{
    const string Data = "urn:xmpp:avatar:data";
    const string Metadata = "urn:xmpp:avatar:metadata";
    const string Bookmarks = "urn:xmpp:bookmarks:1";
    const string Card = "<vCard xmlns='vcard-temp'/>";

    static readonly byte[] Picture = [1, 2, 3, 4, 5];
    static readonly byte[] Other = [9, 9, 9];

    [Fact]
    public async Task A_published_avatar_is_in_the_vcard_and_its_hash_in_presence()
    {
        var romeo = await ArriveAsync(Romeo);
        var juliet = await ArriveAsync(Juliet);
        await SubscribeAsync(juliet, romeo);
        await PublishAvatarAsync(romeo, Picture, ("access_model", "open"));
        await AskAsync(juliet, "get", Card, $"<vCard xmlns='vcard-temp'><PHOTO><TYPE>image/png</TYPE><BINVAL>{Base64(Picture)}</BINVAL></PHOTO></vCard>", Romeo);
        await romeo.SendAsync("<presence/>");
        await ExpectHashAsync(juliet, Hash(Picture));
        await romeo.SendAsync("<presence><x xmlns='vcard-temp:x:update'/></presence>");
        await ExpectHashAsync(juliet, Hash(Picture));
        await romeo.SendAsync("<presence><x xmlns='vcard-temp:x:update'><photo>stale</photo></x></presence>");
        await ExpectHashAsync(juliet, Hash(Picture));
        await romeo.SendAsync("<presence><x xmlns='vcard-temp:x:update'><photo/></x></presence>");
        var untouched = await juliet.AwaitAsync($"<presence from='{romeo.Address}'><x xmlns='vcard-temp:x:update'><photo/></x></presence>");
        Assert.Empty(untouched.Descendants(XName.Get("photo", "vcard-temp:x:update")).Single().Value);
        await PublishAsync(romeo, Metadata, "none", "<metadata xmlns='urn:xmpp:avatar:metadata'/>");
        await romeo.SendAsync("<presence/>");
        await juliet.AwaitAsync($"<presence from='{romeo.Address}'><absent:x xmlns:absent='!vcard-temp:x:update'/></presence>");
    }

    [Fact]
    public async Task An_avatar_for_contacts_is_shown_to_contacts()
    {
        var romeo = await ArriveAsync(Romeo);
        var juliet = await ArriveAsync(Juliet);
        await PublishAvatarAsync(romeo, Picture);
        await romeo.SendAsync($"<presence to='{Juliet}'/>");
        await juliet.AwaitAsync($"<presence from='{romeo.Address}'><absent:x xmlns:absent='!vcard-temp:x:update'/></presence>");
        await RefusedAsync(juliet, "get", Card, "service-unavailable", Romeo);
        await SubscribeAsync(juliet, romeo);
        await romeo.SendAsync("<presence/>");
        await ExpectHashAsync(juliet, Hash(Picture));
        await AskAsync(juliet, "get", Card, "<vCard xmlns='vcard-temp'><PHOTO/></vCard>", Romeo);
    }

    [Fact]
    public async Task The_hash_is_known_again_after_the_account_was_out_of_memory()
    {
        await using var server = await TestServer.StartAsync();
        await server.AddUserAsync("romeo");
        await using (var romeo = await server.LoginAsync("romeo", "a"))
        {
            await PublishAvatarAsync(romeo, Picture);
        }

        await server.StopAsync();
        await server.StartAgainAsync();
        await using var again = await server.LoginAsync("romeo", "b");
        await again.SendAsync("<presence/>");
        await ExpectHashAsync(again, Hash(Picture));
    }

    [Fact]
    public async Task A_photo_in_the_vcard_becomes_the_avatar()
    {
        var romeo = await InterestedAsync(Romeo, "phone", Metadata);
        var old = await LoginAsync(Romeo, "old");
        await AskAsync(old, "set", $"<vCard xmlns='vcard-temp'><FN>Romeo</FN><PHOTO><TYPE>image/gif</TYPE><BINVAL>{Base64(Picture)}</BINVAL></PHOTO></vCard>");
        await EventAsync(romeo, Romeo, Metadata, $"<item id='{Hash(Picture)}'><metadata xmlns='{Metadata}'><info id='{Hash(Picture)}' type='image/gif' bytes='5'/></metadata></item>");
        var data = await AskAsync(romeo, "get", Items(Data, $"<item id='{Hash(Picture)}'/>"), $"<pubsub xmlns='{PubSub}'><items><item><data xmlns='{Data}'>{Base64(Picture)}</data></item></items></pubsub>");
        Assert.NotNull(data);
        await AskAsync(old, "set", $"<vCard xmlns='vcard-temp'><FN>Romeo M.</FN><PHOTO><TYPE>image/gif</TYPE><BINVAL>{Base64(Picture)}</BINVAL></PHOTO></vCard>");
        await SettleAsync(old);
        await romeo.ExpectNothingAsync();
        await AskAsync(old, "set", "<vCard xmlns='vcard-temp'><FN>Romeo M.</FN></vCard>");
        await EventAsync(romeo, Romeo, Metadata, $"<item><metadata xmlns='{Metadata}'/></item>");
        var card = await AskAsync(romeo, "get", Card, "<vCard xmlns='vcard-temp'><FN>Romeo M.</FN></vCard>");
        Assert.Empty(card.Descendants(XName.Get("PHOTO", "vcard-temp")));
    }

    [Fact]
    public async Task Metadata_that_does_not_fit_the_data_is_no_avatar()
    {
        var romeo = await ArriveAsync(Romeo);
        await PublishAsync(romeo, Data, Hash(Picture), $"<data xmlns='{Data}'>{Base64(Other)}</data>");
        await PublishAsync(romeo, Metadata, Hash(Picture), Info(Picture));
        await romeo.SendAsync("<presence/>");
        await romeo.AwaitAsync("<presence><absent:x xmlns:absent='!vcard-temp:x:update'/></presence>");
        await PublishAsync(romeo, Metadata, "x", $"<metadata xmlns='{Metadata}'><info id='no hash' type='image/png' bytes='1'/><info url='https://example.org/a.png' id='{Hash(Picture)}' type='image/png' bytes='1'/></metadata>");
        await romeo.SendAsync("<presence/>");
        await romeo.AwaitAsync("<presence><absent:x xmlns:absent='!vcard-temp:x:update'/></presence>");
    }

    [Fact]
    public async Task Both_kinds_of_vcard_are_one()
    {
        var romeo = await ArriveAsync(Romeo);
        await AskAsync(romeo, "set", "<vCard xmlns='vcard-temp'><FN>Romeo</FN><N><FAMILY>Montague</FAMILY><GIVEN>Romeo</GIVEN></N><TEL><HOME/><NUMBER>1</NUMBER></TEL><CUSTOM>x</CUSTOM></vCard>");
        await AskAsync(romeo, "get", Items("urn:xmpp:vcard4"),
            $"<pubsub xmlns='{PubSub}'><items><item><vcard xmlns='urn:ietf:params:xml:ns:vcard-4.0'><fn><text>Romeo</text></fn><n><surname>Montague</surname><given>Romeo</given></n>"
            + "<tel><parameters><type><text>home</text></type></parameters><text>1</text></tel></vcard></item></items></pubsub>");
        await PublishAsync(romeo, "urn:xmpp:vcard4", "current", "<vcard xmlns='urn:ietf:params:xml:ns:vcard-4.0'><fn><text>Romeo M.</text></fn><impp><uri>xmpp:romeo@localhost</uri></impp></vcard>");
        var card = await AskAsync(romeo, "get", Card, "<vCard xmlns='vcard-temp'><FN>Romeo M.</FN><JABBERID>romeo@localhost</JABBERID><CUSTOM>x</CUSTOM></vCard>");
        Assert.Empty(card.Descendants(XName.Get("TEL", "vcard-temp")));
    }

    [Fact]
    public async Task Bookmarks_are_the_same_in_all_three_places()
    {
        var romeo = await InterestedAsync(Romeo, "phone", Bookmarks);
        var old = await InterestedAsync(Romeo, "old", "storage:bookmarks");
        var older = await LoginAsync(Romeo, "older");
        (string, string)[] options = [("persist_items", "true"), ("max_items", "max"), ("send_last_published_item", "never"), ("access_model", "whitelist")];
        await PublishAsync(romeo, Bookmarks, "room@muc.localhost", $"<conference xmlns='{Bookmarks}' name='Room' autojoin='1'><nick>R</nick><extensions><pin xmlns='x'/></extensions></conference>", options: options);
        await EventAsync(old, Romeo, "storage:bookmarks", "<item id='current'><storage xmlns='storage:bookmarks'><conference jid='room@muc.localhost' name='Room' autojoin='true'><nick>R</nick></conference></storage></item>");
        const string Query = "<query xmlns='jabber:iq:private'><storage xmlns='storage:bookmarks'/></query>";
        await AskAsync(older, "get", Query, "<query xmlns='jabber:iq:private'><storage xmlns='storage:bookmarks'><conference jid='room@muc.localhost' name='Room' autojoin='true'><nick>R</nick></conference></storage></query>");

        await AskAsync(older, "set", "<query xmlns='jabber:iq:private'><storage xmlns='storage:bookmarks'><url name='A' url='http://a/'/><conference jid='room@muc.localhost' name='Renamed'/><conference jid='second@muc.localhost' autojoin='1'/></storage></query>");
        await EventAsync(romeo, Romeo, Bookmarks, $"<item id='room@muc.localhost'><conference xmlns='{Bookmarks}' name='Renamed' autojoin='-'><extensions><pin xmlns='x'/></extensions></conference></item>");
        await EventAsync(romeo, Romeo, Bookmarks, $"<item id='second@muc.localhost'><conference xmlns='{Bookmarks}' autojoin='true'/></item>");
        await EventAsync(old, Romeo, "storage:bookmarks", "<item id='current'><storage xmlns='storage:bookmarks'><conference jid='room@muc.localhost' name='Renamed'/><conference jid='second@muc.localhost'/></storage></item>");
        await AskAsync(older, "get", Query, "<query xmlns='jabber:iq:private'><storage xmlns='storage:bookmarks'><conference jid='room@muc.localhost'/><conference jid='second@muc.localhost'/><url name='A'/></storage></query>");

        await PublishAsync(old, "storage:bookmarks", "current", "<storage xmlns='storage:bookmarks'><conference jid='second@muc.localhost' autojoin='1'/></storage>");
        await EventAsync(romeo, Romeo, Bookmarks, "<retract id='room@muc.localhost'/>");
        await SettleAsync(romeo);
        await romeo.ExpectNothingAsync();
        Assert.Equal(["second@muc.localhost"], await IdsAsync(romeo, Bookmarks));

        await AskAsync(romeo, "set", Asks($"<retract node='{Bookmarks}' notify='true'><item id='second@muc.localhost'/></retract>"));
        var empty = await AskAsync(older, "get", Query, "<query xmlns='jabber:iq:private'><storage xmlns='storage:bookmarks'/></query>");
        Assert.Empty(empty.Descendants(XName.Get("conference", "storage:bookmarks")));
    }

    [Fact]
    public async Task Bookmarks_are_nobody_elses_business_whatever_a_client_forgets()
    {
        var romeo = await ArriveAsync(Romeo);
        var juliet = await ArriveAsync(Juliet);
        await SubscribeAsync(juliet, romeo);
        await PublishAsync(romeo, Bookmarks, "room@muc.localhost", $"<conference xmlns='{Bookmarks}'/>");
        await DeniedAsync(juliet, "get", Items(Bookmarks), "not-allowed", "closed-node", Romeo);
        await DeniedAsync(juliet, "get", Items("storage:bookmarks"), "not-allowed", "closed-node", Romeo);
    }

    [Fact]
    public async Task Bookmarks_of_older_clients_are_converted_and_said_to_be_but_not_to_where_others_see_them()
    {
        var romeo = await InterestedAsync(Romeo, "phone", "storage:bookmarks");
        var old = await ArriveAsync(Romeo, "old");
        await AskAsync(romeo, "get", "<query xmlns='http://jabber.org/protocol/disco#info'/>", "<query xmlns='http://jabber.org/protocol/disco#info'><feature var='urn:xmpp:bookmarks-conversion:0'/></query>", Romeo);
        await AskAsync(old, "set", Stored("one"));
        await EventAsync(romeo, Romeo, "storage:bookmarks", "<item><storage xmlns='storage:bookmarks'><conference jid='one@muc.localhost'/></storage></item>");
        await AskAsync(romeo, "set", Configure("storage:bookmarks", ("access_model", "open")));
        await AskAsync(old, "set", Stored("two"));
        await AskAsync(old, "get", "<query xmlns='jabber:iq:private'><storage xmlns='storage:bookmarks'/></query>",
            "<query xmlns='jabber:iq:private'><storage xmlns='storage:bookmarks'><conference jid='two@muc.localhost'/></storage></query>");
        await AskAsync(romeo, "get", Items("storage:bookmarks"), $"<pubsub xmlns='{PubSub}'><items node='storage:bookmarks'><item><storage xmlns='storage:bookmarks'><conference jid='one@muc.localhost'/></storage></item></items></pubsub>");

        static string Stored(string room) => $"<query xmlns='jabber:iq:private'><storage xmlns='storage:bookmarks'><conference jid='{room}@muc.localhost' name='x'/></storage></query>";
    }

    [Fact]
    public async Task A_marker_carries_the_own_devices_mark_to_the_server_and_no_further()
    {
        const string Mds = "urn:xmpp:mds:displayed:0";
        var romeo = await InterestedAsync(Romeo, "phone", Mds);
        var tablet = await ArriveAsync(Romeo, "tablet");
        var juliet = await ArriveAsync(Juliet);
        await AskAsync(tablet, "get", "<query xmlns='http://jabber.org/protocol/disco#info'/>", "<query xmlns='http://jabber.org/protocol/disco#info'><feature var='urn:xmpp:mds:server-assist:0'/></query>", Romeo);
        await tablet.SendAsync($"<message to='{Juliet}' type='chat' id='m1'><displayed xmlns='urn:xmpp:chat-markers:0' id='x'/><displayed xmlns='{Mds}'><stanza-id xmlns='urn:xmpp:sid:0' by='{Romeo}' id='s1'/></displayed></message>");
        await juliet.AwaitAsync($"<message from='{tablet.Address}'><displayed xmlns='urn:xmpp:chat-markers:0'/><absent:displayed xmlns:absent='!{Mds}'/></message>");
        await EventAsync(romeo, Romeo, Mds, $"<item id='{Juliet}'><displayed xmlns='{Mds}'><stanza-id xmlns='urn:xmpp:sid:0' by='{Romeo}' id='s1'/></displayed></item>");
        Assert.Equal([Juliet], await IdsAsync(romeo, Mds));
        await PublishAsync(romeo, Mds, Juliet, $"<displayed xmlns='{Mds}'><stanza-id xmlns='urn:xmpp:sid:0' by='{Romeo}' id='s2'/></displayed>", "",
            ("persist_items", "true"), ("max_items", "max"), ("send_last_published_item", "never"), ("access_model", "whitelist"));
        var history = await AskAsync(romeo, "set", "<query xmlns='urn:xmpp:mam:2'/>");
        Assert.DoesNotContain("s1", history.ToString(), StringComparison.Ordinal);
    }

    static async Task PublishAvatarAsync(Wire wire, byte[] picture, params (string, string)[] options)
    {
        await PublishAsync(wire, Data, Hash(picture), $"<data xmlns='{Data}'>{Base64(picture)}</data>", options: options);
        await PublishAsync(wire, Metadata, Hash(picture), Info(picture), options: options);
    }

    static string Info(byte[] picture) => $"<metadata xmlns='{Metadata}'><info id='{Hash(picture)}' type='image/png' bytes='{picture.Length}'/></metadata>";

    static async Task ExpectHashAsync(Wire wire, string hash) =>
        await wire.AwaitAsync($"<presence><x xmlns='vcard-temp:x:update'><photo>{hash}</photo></x></presence>");

    static string Base64(byte[] picture) => Convert.ToBase64String(picture);

    static string Hash(byte[] picture) => Convert.ToHexStringLower(CryptographicOperations.HashData(HashAlgorithmName.SHA1, picture));
}
