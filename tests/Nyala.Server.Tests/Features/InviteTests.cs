using Nyala.Testing;
using Xunit;

namespace Nyala.Server.Tests.Features;

/// <summary>Invites made by command (XEP-0401, XEP-0050) and redeemed by subscribing (XEP-0379).</summary>
public sealed class InviteTests
{
    const string Commands = "http://jabber.org/protocol/commands";

    [Fact]
    public async Task Everybody_sees_the_invite_and_administrators_see_the_account()
    {
        await using var server = await TestServer.StartAsync();
        await server.AddUserAsync("romeo");
        await server.AddUserAsync("prince", admin: true);
        await using var romeo = await server.LoginAsync("romeo", "garden");
        await using var prince = await server.LoginAsync("prince", "palace");
        const string list = $"<iq type='get' id='l' to='localhost'><query xmlns='http://jabber.org/protocol/disco#items' node='{Commands}'/></iq>";
        await romeo.SendAsync(list);
        var seen = await romeo.ExpectAsync("<iq type='result' id='l'><query xmlns='http://jabber.org/protocol/disco#items'><item jid='localhost' node='urn:xmpp:invite#invite'/></query></iq>");
        Assert.All(seen.Descendants("{http://jabber.org/protocol/disco#items}item"), item =>
            Assert.Contains(item.Attribute("node")!.Value, (string[])["urn:xmpp:invite#invite", "urn:nyala:commands:0#invite", "urn:nyala:commands:0#directory", "urn:nyala:commands:0#export"]));
        await prince.SendAsync(list);
        await prince.ExpectAsync("<iq type='result' id='l'><query xmlns='http://jabber.org/protocol/disco#items'><item node='urn:xmpp:invite#create-account'/></query></iq>");
        await romeo.SendAsync(Execute("urn:xmpp:invite#create-account"));
        await romeo.ExpectAsync("<iq type='error' id='c'><error type='auth'><forbidden xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>");
        await romeo.SendAsync(Execute("nothing"));
        await romeo.ExpectAsync("<iq type='error' id='c'><error><item-not-found xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>");
        await romeo.SendAsync(Execute("urn:xmpp:invite#invite", "action='explode'"));
        await romeo.ExpectAsync($"<iq type='error' id='c'><error><bad-request xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/><malformed-action xmlns='{Commands}'/></error></iq>");
    }

    [Fact]
    public async Task Who_subscribes_with_an_invite_of_somebody_is_approved_by_the_server()
    {
        await using var server = await TestServer.StartAsync();
        await server.AddUserAsync("romeo");
        await server.AddUserAsync("juliet");
        await using var romeo = await server.LoginAsync("romeo", "garden");
        await using var juliet = await server.LoginAsync("juliet", "balcony");
        await romeo.SendAsync("<iq type='get' id='roster'><query xmlns='jabber:iq:roster'/></iq>");
        await romeo.ExpectAsync("<iq type='result' id='roster'/>");
        await romeo.SendAsync(Execute("urn:xmpp:invite#invite"));
        var made = await romeo.ExpectAsync($"<iq type='result' id='c'><command xmlns='{Commands}' status='completed'><x xmlns='jabber:x:data' type='result'/></command></iq>");
        var uri = made.Descendants("{jabber:x:data}value").Single(value => value.Value.StartsWith("xmpp:", StringComparison.Ordinal)).Value;
        Assert.StartsWith("xmpp:romeo@localhost?roster;preauth=", uri, StringComparison.Ordinal);
        Assert.EndsWith(";ibr=y", uri, StringComparison.Ordinal);
        var token = uri.Split("preauth=")[1].Split(';')[0];
        await juliet.SendAsync("<iq type='get' id='roster'><query xmlns='jabber:iq:roster'/></iq><presence/>");
        await juliet.SendAsync("<presence type='subscribed' to='romeo@localhost'/>");
        await juliet.SendAsync($"<presence type='subscribe' to='romeo@localhost'><preauth xmlns='urn:xmpp:pars:0' token='{token}'/></presence>");
        await juliet.AwaitAsync("<iq type='set'><query xmlns='jabber:iq:roster'><item jid='romeo@localhost' subscription='both'/></query></iq>");
        await romeo.AwaitAsync("<iq type='set'><query xmlns='jabber:iq:roster'><item jid='juliet@localhost' subscription='both'/></query></iq>");
    }

    [Fact]
    public async Task A_wrong_token_is_a_subscription_like_any_other()
    {
        await using var server = await TestServer.StartAsync();
        await server.AddUserAsync("romeo");
        await server.AddUserAsync("juliet");
        var foreign = await server.InviteAsync(from: "juliet");
        await using var romeo = await server.LoginAsync("romeo", "garden");
        await using var juliet = await server.LoginAsync("juliet", "balcony");
        await romeo.SendAsync("<presence/>");
        await romeo.AwaitAsync("<presence from='romeo@localhost/garden'/>");
        await juliet.SendAsync($"<presence type='subscribe' to='romeo@localhost'><preauth xmlns='urn:xmpp:pars:0' token='{foreign}'/></presence>");

        await romeo.ExpectAsync("<presence type='subscribe' from='juliet@localhost'/>");
        Assert.NotNull(await server.Store.Invites.FindAsync(foreign, TimeProvider.System.GetUtcNow()));
    }

    [Fact]
    public async Task An_account_invite_with_a_name_keeps_that_name()
    {
        await using var server = await TestServer.StartAsync(settings: "Registration=open");
        await server.AddUserAsync("prince", admin: true);
        await using var prince = await server.LoginAsync("prince", "palace");
        await prince.SendAsync(Execute("urn:xmpp:invite#create-account"));
        var form = await prince.ExpectAsync($"<iq type='result' id='c'><command xmlns='{Commands}' status='executing' sessionid='*'><actions execute='complete'><complete/></actions></command></iq>");
        var id = form.Descendants($"{{{Commands}}}command").Single().Attribute("sessionid")!.Value;
        await prince.SendAsync(Execute("urn:xmpp:invite#create-account", "sessionid='other'"));
        await prince.ExpectAsync($"<iq type='error' id='c'><error><bad-sessionid xmlns='{Commands}'/></error></iq>");
        await prince.SendAsync(Execute(
            "urn:xmpp:invite#create-account", $"sessionid='{id}'",
            "<x xmlns='jabber:x:data' type='submit'><field var='username'><value>Juliet</value></field><field var='roster-subscription'><value>1</value></field></x>"));
        var made = await prince.ExpectAsync($"<iq type='result' id='c'><command xmlns='{Commands}' status='completed'/></iq>");
        var uri = made.Descendants("{jabber:x:data}value").Single(value => value.Value.StartsWith("xmpp:", StringComparison.Ordinal)).Value;
        Assert.StartsWith("xmpp:juliet@localhost?register;preauth=", uri, StringComparison.Ordinal);
        await using var thief = await server.ConnectAsync();
        await thief.OpenAsync();
        await thief.SendAsync(Registration("juliet"));
        await thief.ExpectAsync("<iq type='error' id='r'><error><conflict xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>");
        await using var juliet = await server.ConnectAsync();
        await juliet.OpenAsync();
        await juliet.SendAsync($"<iq type='set' id='p'><preauth xmlns='urn:xmpp:pars:0' token='{uri.Split('=')[1]}'/></iq>");
        await juliet.ExpectAsync("<iq type='result' id='p'/>");
        await juliet.SendAsync(Registration("other"));
        await juliet.ExpectAsync("<iq type='error' id='r'/>");
        await juliet.SendAsync(Registration("juliet"));
        await juliet.ExpectAsync("<iq type='result' id='r'/>");
    }

    static string Registration(string username) =>
        $"<iq type='set' id='r'><query xmlns='jabber:iq:register'><username>{username}</username><password>{TestServer.Password}</password></query></iq>";

    static string Execute(string node, string attributes = "", string content = "") =>
        $"<iq type='set' id='c' to='localhost'><command xmlns='{Commands}' node='{node}' {attributes}>{content}</command></iq>";
}
