using System.Xml.Linq;
using Nyala.Testing;
using Xunit;

namespace Nyala.Server.Tests.Features;

/// <summary>XEP-0430 on the wire.</summary>
public sealed class InboxScenes(SharedServer shared) : Scene(shared)
{
    const string Inbox = "urn:xmpp:inbox:1";

    [Fact]
    public async Task Chats_are_listed_by_their_last_message_with_what_is_unread()
    {
        var (romeo, juliet, nurse) = await TalkAsync();
        await romeo.SendAsync($"<iq type='get' id='i'><inbox xmlns='{Inbox}'/></iq>");
        await romeo.AwaitAsync($"<message from='{Romeo}'><entry xmlns='{Inbox}' jid='{Bare(nurse)}' unread='1' id='*'/><result xmlns='urn:xmpp:mam:2' queryid='i'><forwarded xmlns='urn:xmpp:forward:0'><message xmlns='jabber:client'><body>from the nurse</body></message></forwarded></result></message>");
        await romeo.ExpectAsync($"<message><entry xmlns='{Inbox}' jid='{Juliet}' unread='3'/><result xmlns='urn:xmpp:mam:2'><forwarded xmlns='urn:xmpp:forward:0'><message xmlns='jabber:client' id='third-message'/></forwarded></result></message>");
        await romeo.ExpectAsync($"<iq type='result' id='i'><fin xmlns='{Inbox}' total='2' unread='2' all-unread='4'><set xmlns='http://jabber.org/protocol/rsm'><first index='0'>{Bare(nurse)}</first><last>{Juliet}</last><count>2</count></set></fin></iq>");
        await juliet.ExpectNothingAsync();
    }

    [Fact]
    public async Task Markers_and_own_marks_make_messages_read()
    {
        var (romeo, _, nurse) = await TalkAsync();
        await romeo.SendAsync($"<message type='chat' to='{Juliet}'><displayed xmlns='urn:xmpp:chat-markers:0' id='second-message'/></message>");
        var entries = await ListAsync(romeo);
        Assert.Equal([(Juliet, "1"), (Bare(nurse), "1")], entries.Select(entry => (entry.Attribute("jid")!.Value, entry.Attribute("unread")!.Value)));
        var last = entries[1].Attribute("id")!.Value;
        await AskAsync(romeo, "set", $"<pubsub xmlns='http://jabber.org/protocol/pubsub'><publish node='urn:xmpp:mds:displayed:0'><item id='{Bare(nurse)}'><displayed xmlns='urn:xmpp:mds:displayed:0'><stanza-id xmlns='urn:xmpp:sid:0' by='{Romeo}' id='{last}'/></displayed></item></publish></pubsub>");
        Assert.Equal(["1", "0"], (await ListAsync(romeo)).Select(entry => entry.Attribute("unread")!.Value));
        Assert.Equal([Juliet], (await ListAsync(romeo, "unread-only='true'")).Select(entry => entry.Attribute("jid")!.Value));
    }

    [Fact]
    public async Task The_list_is_paged_and_may_come_without_messages()
    {
        var (romeo, _, nurse) = await TalkAsync();
        Assert.Equal([Bare(nurse)], Names(await ListAsync(romeo, "", "<set xmlns='http://jabber.org/protocol/rsm'><max>1</max></set>")));
        Assert.Equal([Juliet], Names(await ListAsync(romeo, "", $"<set xmlns='http://jabber.org/protocol/rsm'><max>5</max><after>{Bare(nurse)}</after></set>")));
        Assert.Equal([Juliet], Names(await ListAsync(romeo, "", "<set xmlns='http://jabber.org/protocol/rsm'><max>1</max><before/></set>")));
        Assert.Empty(await ListAsync(romeo, "", $"<set xmlns='http://jabber.org/protocol/rsm'><after>{Juliet}</after></set>"));
        await RefusedAsync(romeo, "get", $"<inbox xmlns='{Inbox}'><set xmlns='http://jabber.org/protocol/rsm'><after>nobody@localhost</after></set></inbox>", "item-not-found");
        await RefusedAsync(romeo, "get", $"<inbox xmlns='{Inbox}'/>", "service-unavailable", Juliet);
        await romeo.SendAsync($"<iq type='get' id='i'><inbox xmlns='{Inbox}' messages='false'/></iq>");
        await romeo.AwaitAsync($"<message><entry xmlns='{Inbox}'/><absent:result xmlns:absent='!urn:xmpp:mam:2'/></message>");
    }

    async Task<(Wire Romeo, Wire Juliet, Wire Nurse)> TalkAsync()
    {
        var romeo = await ArriveAsync(Romeo);
        var juliet = await ArriveAsync(Juliet);
        var nurse = await ArriveAsync(await Server.AddUserAsync($"nurse-of-{Juliet.Split('@')[0]}"));
        foreach (var id in (string[])["first-message", "second-message", "third-message"])
        {
            await juliet.SendAsync($"<message type='chat' id='{id}' to='{Romeo}'><body>{id}</body></message>");
            await romeo.AwaitAsync($"<message id='{id}'/>");
        }

        await juliet.SendAsync($"<message type='chat' id='receipt' to='{Romeo}'><received xmlns='urn:xmpp:receipts' id='x'/></message>");
        await romeo.AwaitAsync("<message id='receipt'/>");
        await nurse.SendAsync($"<message type='chat' id='n' to='{Romeo}'><body>from the nurse</body></message>");
        await romeo.AwaitAsync("<message id='n'/>");
        return (romeo, juliet, nurse);
    }

    static async Task<List<XElement>> ListAsync(Wire wire, string attributes = "", string set = "")
    {
        var id = "inbox-" + Guid.NewGuid().ToString("N");
        await wire.SendAsync($"<iq type='get' id='{id}'><inbox xmlns='{Inbox}' {attributes}>{set}</inbox></iq>");
        var entries = new List<XElement>();
        while (true)
        {
            var element = await wire.ReceiveAsync();
            if (element.Attribute("id")?.Value == id)
            {
                return entries;
            }

            entries.AddRange(element.Elements(XName.Get("entry", Inbox)));
        }
    }

    static string[] Names(List<XElement> entries) => [.. entries.Select(entry => entry.Attribute("jid")!.Value)];
}
