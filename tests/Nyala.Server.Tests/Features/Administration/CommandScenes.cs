using Nyala.Testing;
using Xunit;

namespace Nyala.Server.Tests.Features.Administration;

/// <summary>XEP-0050: how commands are found and executed.</summary>
public sealed class CommandScenes : CommandScene
{
    const string Items = "http://jabber.org/protocol/disco#items";

    [Fact]
    public async Task Commands_of_administrators_are_seen_and_executed_by_administrators_alone()
    {
        var (prince, romeo) = (await LoginAsync("prince"), await LoginAsync("romeo"));
        foreach (var to in (string[])["localhost", "prince@localhost"])
        {
            await prince.SendAsync($"<iq type='get' id='l' to='{to}'><query xmlns='{Items}' node='{Commands}'/></iq>");
            var list = await prince.ExpectAsync($"<iq type='result' id='l'><query xmlns='{Items}' node='{Commands}'><item jid='{to}' node='{Admin}#add-user' name='Add a user'/></query></iq>");
            Assert.Equal(30, list.Descendants($"{{{Items}}}item").Count(item => item.Attribute("node")!.Value.StartsWith(Admin, StringComparison.Ordinal)));
            await prince.SendAsync($"<iq type='get' id='i' to='{to}'><query xmlns='http://jabber.org/protocol/disco#info' node='{Admin}#add-user'/></iq>");
            await prince.ExpectAsync("<iq type='result' id='i'><query xmlns='http://jabber.org/protocol/disco#info'><identity category='automation' type='command-node'/><feature var='http://jabber.org/protocol/commands'/><feature var='jabber:x:data'/></query></iq>");
            await ExecuteAsync(prince, $"{Admin}#get-registered-users-num", to);
        }

        foreach (var to in (string[])["localhost", "romeo@localhost"])
        {
            await romeo.SendAsync($"<iq type='get' id='l' to='{to}'><query xmlns='{Items}' node='{Commands}'/></iq>");
            var list = await romeo.ExpectAsync("<iq type='result' id='l'/>");
            Assert.DoesNotContain(list.Descendants($"{{{Items}}}item"), item => item.Attribute("node")!.Value.StartsWith(Admin, StringComparison.Ordinal));
            await romeo.SendAsync($"<iq type='get' id='i' to='{to}'><query xmlns='http://jabber.org/protocol/disco#info' node='{Admin}#add-user'/></iq>");
            await romeo.ExpectAsync("<iq type='error' id='i'><error><item-not-found xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>");
            await romeo.SendAsync(Request($"{Admin}#add-user", to: to));
            await romeo.ExpectAsync("<iq type='error' id='c'><error type='auth'><forbidden xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>");
        }

        // Somebody else's address is no place for commands.
        await romeo.SendAsync(Request("urn:xmpp:invite#invite", to: "prince@localhost"));
        await romeo.ExpectAsync("<iq type='error' id='c'/>");
    }

    [Fact]
    public async Task What_is_wrong_with_a_request_is_told()
    {
        var prince = await LoginAsync("prince");
        const string node = $"{Admin}#delete-user";
        await ErrorAsync(prince, Request("nothing"), "item-not-found", null);
        await ErrorAsync(prince, Request(node, "action='explode'"), "bad-request", "malformed-action");
        await ErrorAsync(prince, Request(node, "action='next'"), "bad-request", "bad-action");
        await ErrorAsync(prince, Request(node, "sessionid='nobodys'"), "bad-request", "bad-sessionid");
        await ErrorAsync(prince, Request(node, "xml:lang='1234567890'"), "bad-request", "bad-locale");
        var id = Session(await ExecuteAsync(prince, node, status: "executing"));
        await ErrorAsync(prince, Request($"{Admin}#add-user", $"sessionid='{id}'"), "bad-request", "bad-sessionid");
        await ErrorAsync(prince, Request(node, $"sessionid='{id}' action='prev'"), "bad-request", "bad-action");
        await ErrorAsync(prince, Request(node, $"sessionid='{id}' action='next'", Form("accountjids=romeo@localhost")), "bad-request", "bad-action");
        await ErrorAsync(prince, Request(node, $"sessionid='{id}'"), "bad-request", "bad-payload");
        await ErrorAsync(prince, Request(node, $"sessionid='{id}'", Form()), "bad-request", "bad-payload");
        await ErrorAsync(prince, Request(node, $"sessionid='{id}'", Form("accountjids=@")), "bad-request", "bad-payload");
        await ErrorAsync(prince, Request(node, $"sessionid='{id}'", Form("FORM_TYPE=urn:other", "accountjids=romeo@localhost")), "bad-request", "bad-payload");

        // After all this the form may still be filled in.
        await prince.SendAsync(Request(node, $"sessionid='{id}' action='complete'", Form("accountjids=romeo@localhost")));
        await prince.ExpectAsync($"<iq type='result' id='c'><command xmlns='{Commands}' status='completed'><note type='info'/></command></iq>");
        await ErrorAsync(prince, Request(node, $"sessionid='{id}'", Form("accountjids=juliet@localhost")), "bad-request", "bad-sessionid");
    }

    [Fact]
    public async Task A_command_can_be_given_up()
    {
        var prince = await LoginAsync("prince");
        const string node = $"{Admin}#delete-user";
        var id = Session(await ExecuteAsync(prince, node, status: "executing"));
        await prince.SendAsync(Request(node, $"sessionid='{id}' action='cancel'"));
        await prince.ExpectAsync($"<iq type='result' id='c'><command xmlns='{Commands}' node='{node}' sessionid='{id}' status='canceled'/></iq>");
        await ErrorAsync(prince, Request(node, $"sessionid='{id}'", Form("accountjids=romeo@localhost")), "bad-request", "bad-sessionid");
    }

    [Fact]
    public async Task An_execution_belongs_to_the_session_that_began_it()
    {
        var (prince, other) = (await LoginAsync("prince"), await LoginAsync("prince", "desk"));
        var id = Session(await ExecuteAsync(prince, $"{Admin}#delete-user", status: "executing"));
        await ErrorAsync(other, Request($"{Admin}#delete-user", $"sessionid='{id}'", Form("accountjids=romeo@localhost")), "bad-request", "bad-sessionid");
    }

    [Fact]
    public async Task Who_is_no_administrator_any_more_cannot_finish_what_it_began()
    {
        var prince = await LoginAsync("prince");
        var id = Session(await ExecuteAsync(prince, $"{Admin}#delete-user", status: "executing"));
        await Server.Store.Accounts.SetRoleAsync((await Server.Store.Accounts.FindAsync("prince"))!.Id, Storage.AccountRole.User);
        await ErrorAsync(prince, Request($"{Admin}#delete-user", $"sessionid='{id}'", Form("accountjids=romeo@localhost")), "forbidden", null);
        Assert.NotNull(await Server.Store.Accounts.FindAsync("romeo"));
    }

    static async Task ErrorAsync(Wire wire, string request, string condition, string? application)
    {
        await wire.SendAsync(request);
        var specific = application is null ? "" : $"<{application} xmlns='{Commands}'/>";
        await wire.ExpectAsync($"<iq type='error' id='c'><error><{condition} xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/>{specific}</error></iq>");
    }
}
