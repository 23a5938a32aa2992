using Nyala.Testing;
using Xunit;

namespace Nyala.Server.Tests.Features.Components;

/// <summary>What components may do beyond speaking for themselves (XEP-0356).</summary>
public sealed class PrivilegeScenes
{
    const string Bridge = ComponentWire.Domain;
    const string Error = "urn:ietf:params:xml:ns:xmpp-stanzas";

    static readonly string[] Everything =
    [
        $"Components:{Bridge}:Roster=both", $"Components:{Bridge}:Messages=outgoing", $"Components:{Bridge}:Presence=managed_entity",
        $"Components:{Bridge}:Iq=http://jabber.org/protocol/pubsub=set, urn:xmpp:ping=get, jabber:iq:version=both",
    ];

    [Fact]
    public async Task A_component_is_told_what_it_may_do()
    {
        await using var server = await StartAsync(Everything);
        await using var bridge = await ComponentWire.LoginAsync(server);
        await bridge.ExpectAsync($"""
            <message from='localhost' to='{Bridge}' id='*'><privilege xmlns='urn:xmpp:privilege:2'>
              <perm access='roster' type='both' push='true'/><perm access='message' type='outgoing'/>
              <perm access='iq' type='-'><namespace ns='http://jabber.org/protocol/pubsub' type='set'/></perm>
              <perm access='presence' type='managed_entity'/>
            </privilege></message>
            """);
    }

    [Fact]
    public async Task A_contact_list_is_read_changed_and_its_changes_are_pushed()
    {
        await using var server = await StartAsync(Everything);
        await using var romeo = await server.LoginAsync("romeo", "garden");
        await romeo.SendAsync("<iq type='get' id='r'><query xmlns='jabber:iq:roster'/></iq>");
        await romeo.ExpectAsync("<iq type='result' id='r'/>");
        await using var bridge = await GreetedAsync(server);
        await bridge.SendAsync($"<iq type='set' id='s1' from='{Bridge}' to='romeo@localhost'><query xmlns='jabber:iq:roster'><item jid='juliet@{Bridge}' name='Juliet'><group>Old</group></item></query></iq>");
        await bridge.AwaitAsync($"<iq type='set' from='romeo@localhost' to='{Bridge}'><query xmlns='jabber:iq:roster'><item jid='juliet@{Bridge}' name='Juliet'/></query></iq>");
        await romeo.ExpectAsync($"<iq type='set'><query xmlns='jabber:iq:roster'><item jid='juliet@{Bridge}' name='Juliet'><group>Old</group></item></query></iq>");
        await bridge.SendAsync($"<iq type='get' id='g1' from='{Bridge}' to='romeo@localhost'><query xmlns='jabber:iq:roster'/></iq>");
        await bridge.AwaitAsync($"<iq type='result' id='g1' from='romeo@localhost' to='{Bridge}'><query xmlns='jabber:iq:roster' ver='*'><item jid='juliet@{Bridge}' subscription='none'/></query></iq>");
        await bridge.SendAsync($"<iq type='set' id='s2' from='{Bridge}' to='romeo@localhost'><query xmlns='jabber:iq:roster'><item jid='nobody@x' subscription='remove'/></query></iq>");
        await bridge.AwaitAsync($"<iq type='error' id='s2'><error><item-not-found xmlns='{Error}'/></error></iq>");
    }

    [Fact]
    public async Task What_was_not_granted_is_forbidden()
    {
        await using var server = await StartAsync($"Components:{Bridge}:Roster=get", $"Components:{Bridge}:Iq=urn:xmpp:ping=get");
        await using var bridge = await GreetedAsync(server);
        foreach (var (request, to) in ((string, string)[])
            [
                ("type='set'><query xmlns='jabber:iq:roster'><item jid='x@y'/></query>", "romeo@localhost"),
                (Wrapped("get", "jabber:iq:version"), "romeo@localhost"),
                (Wrapped("set", "urn:xmpp:ping"), "romeo@localhost"),
                (Wrapped("get", "urn:xmpp:ping"), "romeo@localhost/garden"),
                (Wrapped("get", "urn:xmpp:ping"), "localhost"),
                (Wrapped("get", "urn:xmpp:ping"), "nobody@localhost"),
                (Wrapped("get", "urn:xmpp:ping").Replace("jabber:client", "jabber:server", StringComparison.Ordinal), "romeo@localhost"),
                (Wrapped("get", "urn:xmpp:ping").Replace("id='in'", "id='in' from='juliet@localhost'", StringComparison.Ordinal), "romeo@localhost"),
                (Wrapped("get", "urn:xmpp:ping").Replace("type='get' id='in'", "type='set' id='in'", StringComparison.Ordinal), "romeo@localhost"),
            ])
        {
            await bridge.SendAsync($"<iq id='f' from='{Bridge}' to='{to}' {request}</iq>");
            await bridge.ExpectAsync($"<iq type='error' id='f' from='{to}'><error><forbidden xmlns='{Error}'/></error></iq>");
        }

        await bridge.SendAsync($"<iq id='u' from='user@{Bridge}' to='romeo@localhost' type='get'><query xmlns='jabber:iq:roster'/></iq>");
        await bridge.ExpectAsync($"<iq type='error' id='u'><error><forbidden xmlns='{Error}'/></error></iq>");
        await bridge.SendAsync(Privileged("<message xmlns='jabber:client' from='romeo@localhost' to='x@y'/>"));
        await bridge.ExpectAsync($"<message type='error' id='p'><error><forbidden xmlns='{Error}'/></error></message>");
    }

    [Fact]
    public async Task A_message_in_the_name_of_an_account_is_in_its_archive_and_on_its_devices()
    {
        await using var server = await StartAsync(Everything);
        await server.AddUserAsync("juliet");
        await using var juliet = await PresentAsync(server, "juliet");
        await using var romeo = await PresentAsync(server, "romeo");
        await romeo.SendAsync("<iq type='set' id='c'><enable xmlns='urn:xmpp:carbons:2'/></iq>");
        await romeo.AwaitAsync("<iq id='c' type='result'/>");
        await using var bridge = await GreetedAsync(server);
        await bridge.SendAsync(Privileged("<message xmlns='jabber:client' from='romeo@localhost' to='juliet@localhost' type='chat' id='m1'><body>from afar</body></message>"));
        await juliet.AwaitAsync("<message from='romeo@localhost' type='chat' id='m1'><body>from afar</body></message>");
        await romeo.AwaitAsync("<message from='romeo@localhost'><sent xmlns='urn:xmpp:carbons:2'><forwarded xmlns='urn:xmpp:forward:0'><message xmlns='jabber:client' id='m1'/></forwarded></sent></message>");
        await romeo.SendAsync("<iq type='set' id='q'><query xmlns='urn:xmpp:mam:2'/></iq>");
        await romeo.AwaitAsync("<message><result xmlns='urn:xmpp:mam:2'><forwarded xmlns='urn:xmpp:forward:0'><message xmlns='jabber:client' id='m1'><body>from afar</body></message></forwarded></result></message>");

        await bridge.SendAsync(Privileged("<message xmlns='jabber:component:accept' from='localhost' to='juliet@localhost' id='m2'><body>from the house</body></message>"));
        await juliet.AwaitAsync("<message from='localhost' id='m2'><body>from the house</body></message>");
    }

    [Theory]
    [InlineData("<message xmlns='jabber:client' from='romeo@localhost/garden' to='juliet@localhost'/>", "forbidden")]
    [InlineData("<message xmlns='jabber:client' from='nobody@localhost' to='juliet@localhost'/>", "forbidden")]
    [InlineData("<message xmlns='jabber:client' from='romeo@elsewhere' to='juliet@localhost'/>", "forbidden")]
    [InlineData("<message xmlns='jabber:client' to='juliet@localhost'/>", "forbidden")]
    [InlineData("<message xmlns='jabber:client' from='romeo@localhost'/>", "bad-request")]
    [InlineData("<iq xmlns='jabber:client' type='get' id='1' from='romeo@localhost' to='juliet@localhost'><ping xmlns='urn:xmpp:ping'/></iq>", "bad-request")]
    [InlineData("<x xmlns='urn:example'/>", "bad-request")]
    public async Task A_message_in_the_name_of_others_is_refused(string inner, string condition)
    {
        await using var server = await StartAsync(Everything);
        await using var bridge = await GreetedAsync(server);
        await bridge.SendAsync(Privileged(inner));
        await bridge.ExpectAsync($"<message type='error' id='p' from='localhost'><error><{condition} xmlns='{Error}'/></error></message>");
    }

    [Fact]
    public async Task A_request_in_the_name_of_an_account_is_answered_to_the_component()
    {
        await using var server = await StartAsync(Everything);
        await server.AddUserAsync("juliet");
        await using var juliet = await PresentAsync(server, "juliet");
        await using var bridge = await GreetedAsync(server);
        await bridge.AwaitAsync($"<presence from='{juliet.Address}'/>");
        var publish = "<pubsub xmlns='http://jabber.org/protocol/pubsub'><publish node='urn:example:mood'><item id='one'><x xmlns='urn:example'/></item></publish></pubsub>";
        await bridge.SendAsync($"<iq type='set' id='o1' from='{Bridge}' to='romeo@localhost'><privileged_iq xmlns='urn:xmpp:privilege:2'><iq xmlns='jabber:client' type='set' id='in'>{publish}</iq></privileged_iq></iq>");
        await bridge.AwaitAsync($"""
            <iq type='result' id='o1' from='romeo@localhost' to='{Bridge}'><privilege xmlns='urn:xmpp:privilege:2'><forwarded xmlns='urn:xmpp:forward:0'>
              <iq xmlns='jabber:client' type='result' id='in' from='romeo@localhost' to='romeo@localhost'><pubsub xmlns='http://jabber.org/protocol/pubsub'/></iq>
            </forwarded></privilege></iq>
            """);

        await bridge.SendAsync($"<iq type='get' id='o2' from='{Bridge}' to='juliet@localhost'><privileged_iq xmlns='urn:xmpp:privilege:2'><iq xmlns='jabber:client' type='get' id='v' to='{juliet.Address}'><query xmlns='jabber:iq:version'/></iq></privileged_iq></iq>");
        var asked = await juliet.AwaitAsync("<iq type='get' from='juliet@localhost'><query xmlns='jabber:iq:version'/></iq>");
        await juliet.SendAsync($"<iq type='result' id='{asked.Attribute("id")!.Value}' to='juliet@localhost'><query xmlns='jabber:iq:version'><name>quill</name></query></iq>");
        await bridge.AwaitAsync("<iq type='result' id='o2'><privilege xmlns='urn:xmpp:privilege:2'><forwarded xmlns='urn:xmpp:forward:0'><iq xmlns='jabber:client' type='result' id='v'><query xmlns='jabber:iq:version'><name>quill</name></query></iq></forwarded></privilege></iq>");

        await bridge.SendAsync($"<iq type='get' id='o3' from='{Bridge}' to='romeo@localhost'><privileged_iq xmlns='urn:xmpp:privilege:2'><iq xmlns='jabber:client' type='get' id='e' to='nobody@localhost'><ping xmlns='urn:xmpp:ping'/></iq></privileged_iq></iq>");
        await bridge.AwaitAsync($"<iq type='result' id='o3'><privilege xmlns='urn:xmpp:privilege:2'><forwarded xmlns='urn:xmpp:forward:0'><iq xmlns='jabber:client' type='error' id='e'><error><service-unavailable xmlns='{Error}'/></error></iq></forwarded></privilege></iq>");
    }

    [Fact]
    public async Task Presence_is_told_when_people_come_and_go_and_not_in_between()
    {
        await using var server = await StartAsync(Everything);
        await server.AddUserAsync("juliet");
        await using var romeo = await PresentAsync(server, "romeo");
        await using var bridge = await GreetedAsync(server);
        await bridge.ExpectAsync($"<presence from='{romeo.Address}' to='{Bridge}' type='-'/>");
        await using (var juliet = await PresentAsync(server, "juliet"))
        {
            await bridge.ExpectAsync($"<presence from='{juliet.Address}' to='{Bridge}' type='-'/>");
            await juliet.SendAsync("<presence><show>away</show></presence>");
            await juliet.ExpectNothingAsyncAfter("<presence from='*'><show>away</show></presence>");
            await bridge.ExpectNothingAsync();
            await juliet.SendAsync("<presence type='unavailable'/>");
            await bridge.ExpectAsync($"<presence from='{juliet.Address}' to='{Bridge}' type='unavailable'/>");
        }

        await bridge.ExpectNothingAsync();
        romeo.Cut();
        await bridge.ExpectAsync($"<presence from='{romeo.Address}' type='unavailable'/>");
    }

    [Fact]
    public async Task Presence_of_contacts_elsewhere_is_told_once_where_that_is_granted()
    {
        await using var server = await StartAsync($"Components:{Bridge}:Roster=get", $"Components:{Bridge}:Presence=roster", "Components:far.localhost:Secret=another whisper");
        await using var romeo = await PresentAsync(server, "romeo");
        await using var far = await ComponentWire.LoginAsync(server, "far.localhost", "another whisper");
        await romeo.SendAsync("<iq type='get' id='r'><query xmlns='jabber:iq:roster'/></iq><presence type='subscribe' to='juliet@far.localhost'/>");
        await far.AwaitAsync("<presence type='subscribe' to='juliet@far.localhost'/>");
        await far.SendAsync("<presence type='subscribed' from='juliet@far.localhost' to='romeo@localhost'/>");
        await romeo.AwaitAsync("<presence type='subscribed' from='juliet@far.localhost'/>");
        await using var bridge = await GreetedAsync(server);
        await bridge.AwaitAsync($"<presence from='{romeo.Address}'/>");

        for (var i = 0; i < 2; i++)
        {
            await far.SendAsync("<presence from='juliet@far.localhost/x' to='romeo@localhost'/>");
            await romeo.AwaitAsync("<presence from='juliet@far.localhost/x'/>");
        }

        await far.SendAsync("<presence from='tybalt@far.localhost/x' to='romeo@localhost'/>");
        await romeo.AwaitAsync("<presence from='tybalt@far.localhost/x'/>");
        await bridge.ExpectAsync($"<presence from='juliet@far.localhost/x' to='{Bridge}'/>");
        await bridge.ExpectNothingAsync();
    }

    static string Wrapped(string type, string ns) =>
        $"type='{type}'><privileged_iq xmlns='urn:xmpp:privilege:2'><iq xmlns='jabber:client' type='{type}' id='in'><x xmlns='{ns}'/></iq></privileged_iq>";

    static string Privileged(string inner) =>
        $"<message from='{Bridge}' to='localhost' id='p'><privilege xmlns='urn:xmpp:privilege:2'><forwarded xmlns='urn:xmpp:forward:0'>{inner}</forwarded></privilege></message>";

    static async Task<TestServer> StartAsync(params string[] settings)
    {
        var server = await TestServer.StartAsync(null, null, [ComponentWire.Setting, .. settings]);
        await server.AddUserAsync("romeo");
        return server;
    }

    static async Task<ComponentWire> GreetedAsync(TestServer server)
    {
        var bridge = await ComponentWire.LoginAsync(server);
        await bridge.ExpectAsync("<message><privilege xmlns='urn:xmpp:privilege:2'/></message>");
        return bridge;
    }

    static async Task<Wire> PresentAsync(TestServer server, string name)
    {
        var wire = await server.LoginAsync(name, "garden");
        await wire.SendAsync("<presence/>");
        await wire.AwaitAsync($"<presence from='{wire.Address}'/>");
        return wire;
    }
}

static class WireSteps
{
    /// <summary>The element comes, and then nothing.</summary>
    public static async Task ExpectNothingAsyncAfter(this Wire wire, string pattern)
    {
        await wire.AwaitAsync(pattern);
        await wire.ExpectNothingAsync();
    }
}
