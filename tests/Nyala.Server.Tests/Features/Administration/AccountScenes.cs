using System.Text;
using Nyala.Testing;
using Xunit;

namespace Nyala.Server.Tests.Features.Administration;

/// <summary>XEP-0133 §4.1–4.10, and what it means for an account to be disabled.</summary>
public sealed class AccountScenes : CommandScene
{
    [Fact]
    public async Task An_account_is_made_and_can_be_used()
    {
        var prince = await LoginAsync("prince");
        var fields = (string[])["accountjid=paris@localhost", $"password={TestServer.Password}", $"password-verify={TestServer.Password}"];
        Assert.Equal(["paris@localhost"], Values(await DoneAsync(prince, $"{Admin}#add-user", fields), "accountjid"));
        await LoginAsync("paris");
        await RefusedAsync(prince, "conflict", $"{Admin}#add-user", fields);
        await RefusedAsync(prince, "not-acceptable", $"{Admin}#add-user", "accountjid=other@localhost", $"password={TestServer.Password}", "password-verify=something else");
        await RefusedAsync(prince, "not-acceptable", $"{Admin}#add-user", "accountjid=other@elsewhere.example", $"password={TestServer.Password}", $"password-verify={TestServer.Password}");
        await RefusedAsync(prince, "not-acceptable", $"{Admin}#add-user", "accountjid=other@localhost", "password=short", "password-verify=short");
        await RefusedAsync(prince, "bad-request", $"{Admin}#add-user", "accountjid=other@localhost", "password=");
    }

    [Fact]
    public async Task Accounts_are_deleted_together_or_not_at_all()
    {
        var (prince, romeo) = (await LoginAsync("prince"), await LoginAsync("romeo"));
        await RefusedAsync(prince, "item-not-found", $"{Admin}#delete-user", "accountjids=romeo@localhost", "accountjids=nobody@localhost");
        await RefusedAsync(prince, "not-allowed", $"{Admin}#delete-user", "accountjids=romeo@localhost", "accountjids=prince@localhost");
        await romeo.ExpectNothingAsync();
        await DoneAsync(prince, $"{Admin}#delete-user", "accountjids=romeo@localhost", "accountjids=juliet@localhost");
        await romeo.ExpectStreamErrorAsync("not-authorized");
        Assert.Null(await Server.Store.Accounts.FindAsync("romeo"));
        Assert.Null(await Server.Store.Accounts.FindAsync("juliet"));
    }

    [Fact]
    public async Task Nobody_gets_into_a_disabled_account_and_nothing_of_it_is_lost()
    {
        var (prince, romeo, juliet) = (await LoginAsync("prince"), await LoginAsync("romeo"), await LoginAsync("juliet"));
        await romeo.SendAsync("<iq type='set' id='v'><vCard xmlns='vcard-temp'><FN>Romeo</FN></vCard></iq>");
        await romeo.ExpectAsync("<iq type='result' id='v'/>");
        await RefusedAsync(prince, "not-allowed", $"{Admin}#disable-user", "accountjids=prince@localhost");
        await DoneAsync(prince, $"{Admin}#disable-user", "accountjids=romeo@localhost");
        await romeo.ExpectStreamErrorAsync("not-authorized");
        Assert.Equal(["1"], Values(await ExecuteAsync(prince, $"{Admin}#get-disabled-users-num"), "disabledusersnum"));
        Assert.Equal(["romeo@localhost"], Values(await DoneAsync(prince, $"{Admin}#get-disabled-users-list"), "disableduserjids"));

        // Who does not know the password learns nothing of it.
        await TryLoginAsync("wrong password", "not-authorized");
        await TryLoginAsync(TestServer.Password, "account-disabled");
        await juliet.SendAsync("<message type='chat' to='romeo@localhost'><body>Art thou not Romeo?</body></message>");
        await juliet.ExpectNothingAsync();

        await DoneAsync(prince, $"{Admin}#reenable-user", "accountjids=romeo@localhost");
        var again = await LoginAsync("romeo");
        await again.SendAsync("<iq type='get' id='v'><vCard xmlns='vcard-temp'/></iq>");
        await again.ExpectAsync("<iq type='result' id='v'><vCard xmlns='vcard-temp'><FN>Romeo</FN></vCard></iq>");
        await again.SendAsync("<presence/>");
        await again.AwaitAsync("<message from='juliet@localhost/phone'><body>Art thou not Romeo?</body></message>");
    }

    [Fact]
    public async Task A_token_does_not_open_a_disabled_account()
    {
        await Server.DisableUserAsync("romeo");
        var account = (await Server.Store.Accounts.FindAsync("romeo"))!;
        Assert.True(account.IsDisabled);
        await Server.StopAsync();
        await Server.StartAgainAsync();
        await TryLoginAsync(TestServer.Password, "account-disabled");
        await Server.DisableUserAsync("romeo", disabled: false);
        await LoginAsync("romeo");
    }

    [Fact]
    public async Task A_session_is_ended_or_all_of_them()
    {
        var prince = await LoginAsync("prince");
        var (phone, desk) = (await LoginAsync("romeo"), await LoginAsync("romeo", "desk"));
        await DoneAsync(prince, $"{Admin}#end-user-session", "accountjids=romeo@localhost/phone");
        await phone.ExpectStreamErrorAsync("policy-violation");
        await desk.ExpectNothingAsync();
        await LoginAsync("romeo");
        await DoneAsync(prince, $"{Admin}#end-user-session", "accountjids=romeo@localhost");
        await desk.ExpectStreamErrorAsync("policy-violation");
        await RefusedAsync(prince, "item-not-found", $"{Admin}#end-user-session", "accountjids=nobody@localhost");
    }

    [Fact]
    public async Task A_password_is_changed_and_never_told()
    {
        var (prince, romeo) = (await LoginAsync("prince"), await LoginAsync("romeo"));
        await prince.SendAsync(Request($"{Admin}#get-user-password"));
        await prince.ExpectAsync("<iq type='error' id='c'><error><feature-not-implemented xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>");
        await DoneAsync(prince, $"{Admin}#change-user-password", "accountjid=romeo@localhost", "password=wherefore art thou");
        await romeo.ExpectStreamErrorAsync("not-authorized");
        await TryLoginAsync(TestServer.Password, "not-authorized");
        await using var again = await Server.ConnectAsync();
        await again.LoginAsync("romeo", "wherefore art thou", "phone");
    }

    [Fact]
    public async Task An_account_is_looked_at()
    {
        var (prince, romeo) = (await LoginAsync("prince"), await LoginAsync("romeo", available: true));
        await romeo.SendAsync("<iq type='set' id='r'><query xmlns='jabber:iq:roster'><item jid='juliet@localhost' name='Juliet'><group>Capulets</group></item></query></iq>");
        await romeo.AwaitAsync("<iq type='result' id='r'/>");
        var roster = await DoneAsync(prince, $"{Admin}#get-user-roster", "accountjids=romeo@localhost", "accountjids=juliet@localhost");
        ElementPattern.Parse($"<iq xmlns='jabber:client'><command xmlns='{Commands}'><x xmlns='jabber:x:data' type='result'><field var='accountjids'><value>romeo@localhost</value></field><query xmlns='jabber:iq:roster'><item jid='juliet@localhost' name='Juliet' subscription='none'><group>Capulets</group></item></query></x></command></iq>").Require(roster);
        Assert.Equal(2, roster.Descendants("{jabber:iq:roster}query").Count());

        var statistics = await DoneAsync(prince, $"{Admin}#user-stats", "accountjid=romeo@localhost");
        Assert.Equal(["127.0.0.1"], Values(statistics, "ipaddresses"));
        Assert.Equal(["1"], Values(statistics, "rostersize"));
        Assert.Equal(["phone"], Values(statistics, "onlineresources"));
        Assert.Equal(["1"], Values(await DoneAsync(prince, $"{Admin}#user-stats", "accountjids=romeo@localhost"), "rostersize"));
        await RefusedAsync(prince, "bad-request", $"{Admin}#user-stats", "accountjids=romeo@localhost", "accountjids=juliet@localhost");
        await RefusedAsync(prince, "bad-request", $"{Admin}#user-stats", "accountjid=");

        Assert.Single(Values(await DoneAsync(prince, $"{Admin}#get-user-lastlogin", "accountjids=romeo@localhost"), "lastlogin"));
        Assert.Empty(Values(await DoneAsync(prince, $"{Admin}#get-user-lastlogin", "accountjids=juliet@localhost"), "lastlogin"));
    }

    async Task TryLoginAsync(string password, string condition)
    {
        await using var wire = await Server.ConnectAsync();
        await wire.OpenAsync();
        await wire.SendAsync($"<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>{Convert.ToBase64String(Encoding.UTF8.GetBytes($"\0romeo\0{password}"))}</auth>");
        await wire.ExpectAsync($"<failure xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><{condition}/></failure>");
    }
}
