using Nyala.Server.Tests.Federation;
using Nyala.Testing;
using Xunit;

namespace Nyala.Server.Tests.Features.Administration;

/// <summary>XEP-0133 §4.11, §4.12: whom everybody here talks with; and XEP-0489, what other servers learn of who talks with them.</summary>
public sealed class PeerScenes : IAsyncLifetime
{
    const string Commands = "http://jabber.org/protocol/commands";
    const string Admin = "http://jabber.org/protocol/admin";
    const string NotAllowed = "<error><not-allowed xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error>";
    const string Info = "<info xmlns='urn:xmpp:raa:0'";

    TwoServers _servers = null!;

    public async ValueTask InitializeAsync()
    {
        _servers = await TwoServers.StartAsync("Registration=open");
        await _servers.Montague.AddUserAsync("prince", admin: true);
    }

    public ValueTask DisposeAsync() => _servers.DisposeAsync();

    [Fact]
    public async Task An_address_on_the_blacklist_is_neither_heard_nor_spoken_to()
    {
        await using var prince = await _servers.Montague.LoginAsync("prince", "palace");
        await using var romeo = await _servers.RomeoAsync();
        await using var juliet = await _servers.JulietAsync();
        await juliet.SendAsync(Chat(TwoServers.Romeo, "before"));
        await romeo.AwaitAsync("<message><body>before</body></message>");
        await EditAsync(prince, "edit-blacklist", "blacklistjids", TwoServers.Juliet, "evil.example");

        await romeo.SendAsync(Chat(TwoServers.Juliet, "refused"));
        await romeo.AwaitAsync($"<message type='error' from='{TwoServers.Juliet}'>{NotAllowed}</message>");
        await romeo.SendAsync(Chat("iago@sub.evil.example", "refused"));
        await romeo.AwaitAsync($"<message type='error' from='iago@sub.evil.example'>{NotAllowed}</message>");
        await juliet.SendAsync(Chat(TwoServers.Romeo, "unheard"));

        // The answer to what somebody else there asks comes behind it on the same stream.
        await _servers.Capulet.AddUserAsync("nurse");
        await using var nurse = await _servers.Capulet.LoginAsync("nurse", "house");
        await nurse.SendAsync(Chat(TwoServers.Romeo, "heard"));
        await romeo.ExpectAsync("<message><body>heard</body></message>");

        await EditAsync(prince, "edit-blacklist", "blacklistjids");
        await juliet.SendAsync(Chat(TwoServers.Romeo, "again"));
        await romeo.AwaitAsync("<message><body>again</body></message>");
    }

    [Fact]
    public async Task A_domain_on_the_blacklist_gets_no_stream_and_the_list_outlives_the_process()
    {
        await using (var prince = await _servers.Montague.LoginAsync("prince", "palace"))
        {
            await EditAsync(prince, "edit-blacklist", "blacklistjids", "capulet.test");
            await prince.SendAsync(Begin("edit-blacklist"));
            await prince.AwaitAsync($"<iq type='result' id='c'><command xmlns='{Commands}'><x xmlns='jabber:x:data'><field var='blacklistjids'><value>capulet.test</value></field></x></command></iq>");
        }

        await _servers.Montague.StopAsync();
        await _servers.Montague.StartAgainAsync();
        await using var juliet = await _servers.JulietAsync();
        await juliet.SendAsync(Ping(TwoServers.Romeo));
        await juliet.AwaitAsync("<iq type='error' id='p'/>");
        await using var romeo = await _servers.RomeoAsync();
        await romeo.SendAsync(Chat(TwoServers.Juliet, "refused"));
        await romeo.AwaitAsync($"<message type='error'>{NotAllowed}</message>");
    }

    [Fact]
    public async Task With_a_whitelist_there_is_nobody_else()
    {
        await using var prince = await _servers.Montague.LoginAsync("prince", "palace");
        await using var romeo = await _servers.RomeoAsync();
        await EditAsync(prince, "edit-whitelist", "whitelistjids", "friends.example");
        await romeo.SendAsync(Chat(TwoServers.Juliet, "refused"));
        await romeo.AwaitAsync($"<message type='error'>{NotAllowed}</message>");
        await EditAsync(prince, "edit-whitelist", "whitelistjids", TwoServers.Juliet);
        await using var juliet = await _servers.JulietAsync();
        await romeo.SendAsync(Chat(TwoServers.Juliet, "at last"));
        await juliet.AwaitAsync("<message><body>at last</body></message>");
    }

    [Fact]
    public async Task Ones_own_people_are_not_put_on_the_blacklist()
    {
        await using var prince = await _servers.Montague.LoginAsync("prince", "palace");
        await prince.SendAsync(Begin("edit-blacklist"));
        var form = await prince.AwaitAsync("<iq type='result' id='c'/>");
        await prince.SendAsync(Submit("edit-blacklist", form.Descendants($"{{{Commands}}}command").Single().Attribute("sessionid")!.Value, "blacklistjids", TwoServers.Romeo));
        await prince.AwaitAsync("<iq type='error' id='c'><error><not-acceptable xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>");
    }

    [Fact]
    public async Task A_stranger_elsewhere_learns_how_an_account_came_to_be()
    {
        await RegisterAsync("paris");
        await using var paris = await _servers.Montague.LoginAsync("paris", "house");
        await using var romeo = await _servers.RomeoAsync();
        await using var juliet = await _servers.JulietAsync();
        await romeo.SendAsync($"<message type='chat' to='{TwoServers.Juliet}'><body>member</body>{Info} affiliation='admin'/></message>");
        var told = await juliet.AwaitAsync($"<message><body>member</body>{Info} affiliation='member' since='-'/></message>");
        Assert.Single(told.Elements("{urn:xmpp:raa:0}info"));
        await paris.SendAsync($"<presence type='subscribe' to='{TwoServers.Juliet}'/>");
        await juliet.AwaitAsync($"<presence type='subscribe' from='paris@montague.test'>{Info} affiliation='registered' since='*'/></presence>");

        // Whom it has asked may ask back; to others there is no such account.
        await juliet.SendAsync("<iq type='get' id='q' to='paris@montague.test'><query xmlns='urn:xmpp:raa:0'/></iq>");
        await juliet.AwaitAsync($"<iq type='result' id='q'>{Info} affiliation='registered' since='*'/></iq>");
        await juliet.SendAsync("<iq type='get' id='q' to='prince@montague.test'><query xmlns='urn:xmpp:raa:0'/></iq>");
        await juliet.AwaitAsync("<iq type='error' id='q'><error><service-unavailable xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>");
    }

    [Fact]
    public async Task Nobody_claims_an_affiliation_towards_ones_own_people_either()
    {
        await using var prince = await _servers.Montague.LoginAsync("prince", "palace");
        await using var romeo = await _servers.RomeoAsync();
        await prince.SendAsync($"<message type='chat' to='{TwoServers.Romeo}'><body>hello</body>{Info} affiliation='admin'/></message>");
        var heard = await romeo.AwaitAsync("<message><body>hello</body></message>");
        Assert.Empty(heard.Elements("{urn:xmpp:raa:0}info"));
    }

    static string Chat(string to, string body) => $"<message type='chat' to='{to}' id='{Guid.NewGuid():N}'><body>{body}</body></message>";

    static string Ping(string to) => $"<iq type='get' id='p' to='{to}'><ping xmlns='urn:xmpp:ping'/></iq>";

    static string Begin(string node) => $"<iq type='set' id='c' to='montague.test'><command xmlns='{Commands}' node='{Admin}#{node}'/></iq>";

    static string Submit(string node, string session, string field, params string[] values) =>
        $"<iq type='set' id='c' to='montague.test'><command xmlns='{Commands}' node='{Admin}#{node}' sessionid='{session}'><x xmlns='jabber:x:data' type='submit'><field var='{field}'>{string.Concat(values.Select(value => $"<value>{value}</value>"))}</field></x></command></iq>";

    static async Task EditAsync(Wire prince, string node, string field, params string[] values)
    {
        await prince.SendAsync(Begin(node));
        var form = await prince.AwaitAsync($"<iq type='result' id='c'><command xmlns='{Commands}' status='executing'/></iq>");
        await prince.SendAsync(Submit(node, form.Descendants($"{{{Commands}}}command").Single().Attribute("sessionid")!.Value, field, values));
        await prince.AwaitAsync($"<iq type='result' id='c'><command xmlns='{Commands}' status='completed'/></iq>");
    }

    async Task RegisterAsync(string username)
    {
        await using var wire = await _servers.Montague.ConnectAsync();
        await wire.OpenAsync();
        await wire.SendAsync($"<iq type='set' id='r'><query xmlns='jabber:iq:register'><username>{username}</username><password>{TestServer.Password}</password></query></iq>");
        await wire.ExpectAsync("<iq type='result' id='r'/>");
    }
}
