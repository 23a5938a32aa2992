using Nyala.Storage;
using Xunit;

namespace Nyala.Server.Tests.Routing;

/// <summary>What another server sends again after its link was lost (R5).</summary>
public sealed class ForeignDuplicateScenes
{
    const string Juliet = "juliet@example.com";
    const string Id = "0123456789abcdef";

    static string Message(string body, string resource = "b", string type = "chat", string to = "romeo@localhost", string id = Id) =>
        $"<message from='{Juliet}/{resource}' to='{to}' type='{type}' id='{id}'><body>{body}</body></message>";

    [Fact]
    public async Task R5_A_resend_on_another_stream_is_neither_stored_nor_delivered_again()
    {
        await using var world = await FakeWorld.StartAsync();
        await using var romeo = await world.RomeoAsync();
        await world.Others.SendAsync(Message("once"), 1);
        await romeo.AwaitAsync($"<message from='{Juliet}/b' id='{Id}'><body>once</body></message>");
        await world.Others.SendAsync(Message("once, encrypted anew", "c"), 2);
        await world.Server.StopAsync();
        await world.Server.StartAgainAsync();
        await using var again = await world.RomeoAsync("garden");
        await world.Others.SendAsync(Message("once"), 3);
        await again.SendAsync("<iq type='set' id='q'><query xmlns='urn:xmpp:mam:2'/></iq>");
        await again.AwaitAsync("<message><result xmlns='urn:xmpp:mam:2'><forwarded xmlns='urn:xmpp:forward:0'><message xmlns='jabber:client'><body>once</body></message></forwarded></result></message>");
        var next = await again.ReceiveAsync();
        Assert.Equal("q", next.Attribute("id")?.Value);
    }

    [Theory]
    [InlineData("normal", "romeo@localhost", Id, 2)]
    [InlineData("chat", "romeo@localhost", "short", 2)]
    [InlineData("chat", "romeo@localhost", Id, 1)]
    [InlineData("chat", "romeo@localhost", Id, 0)]
    public async Task R5_What_differs_in_type_has_no_good_id_or_comes_on_no_other_stream_is_no_resend(string type, string to, string id, long stream)
    {
        await using var world = await FakeWorld.StartAsync();
        await using var romeo = await world.RomeoAsync();
        await world.Others.SendAsync(Message("first", id: id), 1);
        await romeo.AwaitAsync("<message><body>first</body></message>");
        await world.Others.SendAsync(Message("second", type: type, to: to, id: id), stream);
        await romeo.AwaitAsync("<message><body>second</body></message>");
    }

    [Fact]
    public async Task R5_A_host_hears_that_a_message_came_again()
    {
        await using var world = await FakeWorld.StartAsync();
        world.Rooms.Check = message =>
        {
            (message.Flags, message.Recipient) = (RowFlags.InRecipientArchive, -7);
            return default;
        };
        await world.Others.SendAsync(Message("once", type: "groupchat", to: "room@rooms.localhost"), 1);
        await world.Others.SendAsync(Message("once", type: "groupchat", to: "room@rooms.localhost"), 2);
        Assert.StartsWith("<message ", await world.Rooms.NextAsync(), StringComparison.Ordinal);
        Assert.StartsWith("again <message ", await world.Rooms.NextAsync(), StringComparison.Ordinal);
    }
}
