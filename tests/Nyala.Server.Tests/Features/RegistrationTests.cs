using Nyala.Testing;
using Xunit;

namespace Nyala.Server.Tests.Features;

/// <summary>Accounts made, changed and given up in a client (XEP-0077, XEP-0445).</summary>
public sealed class RegistrationTests
{
    const string Fields = "<iq type='get' id='f' to='localhost'><query xmlns='jabber:iq:register'/></iq>";

    [Fact]
    public async Task An_open_server_makes_an_account_that_can_log_in()
    {
        await using var server = await TestServer.StartAsync(settings: "Registration=open");
        await using var wire = await server.ConnectAsync();
        var features = await wire.OpenAsync();
        ElementPattern.Parse("<stream:features><register xmlns='http://jabber.org/features/iq-register'/></stream:features>").Require(features);
        await wire.SendAsync(Fields);
        await wire.ExpectAsync("<iq type='result' id='f'><query xmlns='jabber:iq:register'><username/><password/></query></iq>");
        await wire.SendAsync(Registration("Juliet", TestServer.Password));
        await wire.ExpectAsync("<iq type='result' id='r'/>");
        await wire.SendAsync(Registration("second", TestServer.Password));
        await wire.ExpectAsync(Error("r", "not-acceptable"));

        await using var juliet = await server.LoginAsync("juliet", "balcony");
        Assert.Equal("juliet@localhost/balcony", juliet.Address);
    }

    [Theory]
    [InlineData("romeo", TestServer.Password, "conflict")]
    [InlineData("ROMEO", TestServer.Password, "conflict")]
    [InlineData("a b", TestServer.Password, "not-acceptable")]
    [InlineData("a@b", TestServer.Password, "not-acceptable")]
    [InlineData("juliet", "short", "not-acceptable")]
    [InlineData("juliet", "", "not-acceptable")]
    [InlineData("", TestServer.Password, "not-acceptable")]
    public async Task What_cannot_be_an_account_is_refused(string username, string password, string condition)
    {
        await using var server = await TestServer.StartAsync(settings: "Registration=open");
        await server.AddUserAsync("romeo");
        await using var wire = await server.ConnectAsync();
        await wire.OpenAsync();
        await wire.SendAsync(Registration(username, password));

        var error = await wire.ExpectAsync(Error("r", condition));
        Assert.DoesNotContain("password>", error.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_closed_server_offers_nothing_and_makes_nothing()
    {
        await using var server = await TestServer.StartAsync(settings: "Registration=closed");
        await using var wire = await server.ConnectAsync();
        var features = await wire.OpenAsync();
        Assert.DoesNotContain("register", features.ToString(), StringComparison.Ordinal);
        await wire.SendAsync(Fields);
        await wire.ExpectAsync(Error("f", "service-unavailable"));
        await wire.SendAsync(Registration("juliet", TestServer.Password));
        await wire.ExpectAsync(Error("r", "service-unavailable"));
    }

    [Fact]
    public async Task Without_an_invite_one_is_told_to_get_one()
    {
        await using var server = await TestServer.StartAsync();
        await using var wire = await server.ConnectAsync();
        await wire.OpenAsync();
        await wire.SendAsync(Fields);
        await wire.ExpectAsync("<iq type='result' id='f'><query xmlns='jabber:iq:register'><instructions/><absent:username xmlns:absent='!jabber:iq:register'/></query></iq>");
        await wire.SendAsync(Registration("juliet", TestServer.Password));
        await wire.ExpectAsync(Error("r", "forbidden"));
    }

    [Fact]
    public async Task An_invite_makes_one_account_that_has_the_inviter_as_contact()
    {
        await using var server = await TestServer.StartAsync();
        await server.AddUserAsync("romeo");
        await using var romeo = await server.LoginAsync("romeo", "garden");
        await romeo.SendAsync("<iq type='get' id='roster'><query xmlns='jabber:iq:roster'/></iq><presence/>");
        await romeo.AwaitAsync("<presence from='romeo@localhost/garden'/>");
        var token = await server.InviteAsync(from: "romeo");
        await using var wire = await server.ConnectAsync();
        await wire.OpenAsync();
        await wire.SendAsync(PreAuth("wrong"));
        await wire.ExpectAsync(Error("p", "item-not-found"));
        await wire.SendAsync(PreAuth(token));
        await wire.ExpectAsync("<iq type='result' id='p'/>");
        await wire.SendAsync(Registration("juliet", TestServer.Password));
        await wire.ExpectAsync("<iq type='result' id='r'/>");
        await romeo.AwaitAsync("<iq type='set'><query xmlns='jabber:iq:roster'><item jid='juliet@localhost' subscription='both'/></query></iq>");

        await using var juliet = await server.LoginAsync("juliet", "balcony");
        await juliet.SendAsync("<iq type='get' id='roster'><query xmlns='jabber:iq:roster'/></iq>");
        await juliet.ExpectAsync("<iq type='result' id='roster'><query xmlns='jabber:iq:roster'><item jid='romeo@localhost' subscription='both'/></query></iq>");
        await using var late = await server.ConnectAsync();
        await late.OpenAsync();
        await late.SendAsync(PreAuth(token));
        await late.ExpectAsync(Error("p", "item-not-found"));
    }

    [Fact]
    public async Task A_contact_invite_makes_no_account()
    {
        await using var server = await TestServer.StartAsync();
        await server.AddUserAsync("romeo");
        var token = await server.InviteAsync(from: "romeo", contactOnly: true);
        await using var wire = await server.ConnectAsync();
        await wire.OpenAsync();
        await wire.SendAsync(PreAuth(token));
        await wire.ExpectAsync(Error("p", "item-not-found"));
    }

    [Fact]
    public async Task A_changed_password_ends_the_other_sessions_and_is_the_one_that_counts()
    {
        await using var server = await TestServer.StartAsync();
        await server.AddUserAsync("romeo");
        await using var garden = await server.LoginAsync("romeo", "garden");
        await using var street = await server.LoginAsync("romeo", "street");
        await garden.SendAsync(Registration("juliet", "another long one"));
        await garden.ExpectAsync(Error("r", "forbidden"));
        await garden.SendAsync(Registration("romeo", ""));
        await garden.ExpectAsync(Error("r", "bad-request"));
        await garden.SendAsync(Registration("romeo", "another long one"));
        await garden.ExpectAsync("<iq type='result' id='r'/>");
        await street.ExpectStreamErrorAsync("not-authorized");

        await using var again = await server.ConnectAsync();
        await again.LoginAsync("romeo", "another long one", "again");
        await garden.ExpectNothingAsync();
    }

    [Fact]
    public async Task Who_has_not_logged_in_has_no_account_to_give_up()
    {
        await using var server = await TestServer.StartAsync(settings: "Registration=open");
        await using var wire = await server.ConnectAsync();
        await wire.OpenAsync();
        await wire.SendAsync("<iq type='set' id='r'><query xmlns='jabber:iq:register'><remove/></query></iq>");
        await wire.ExpectAsync(Error("r", "unexpected-request"));
    }

    [Fact]
    public async Task An_account_that_is_given_up_is_gone()
    {
        await using var server = await TestServer.StartAsync();
        await server.AddUserAsync("romeo");
        await using var romeo = await server.LoginAsync("romeo", "garden");
        await romeo.SendAsync("<iq type='set' id='r'><query xmlns='jabber:iq:register'><remove/><username>romeo</username></query></iq>");
        await romeo.ExpectAsync(Error("r", "bad-request"));
        await romeo.SendAsync("<iq type='set' id='r'><query xmlns='jabber:iq:register'><remove/></query></iq>");
        await romeo.ExpectAsync("<iq type='result' id='r'/>");
        await romeo.ExpectStreamErrorAsync("not-authorized");

        Assert.Null(await server.Store.Accounts.FindAsync("romeo"));
    }

    static string Registration(string username, string password) =>
        $"<iq type='set' id='r'><query xmlns='jabber:iq:register'><username>{username}</username><password>{password}</password></query></iq>";

    static string PreAuth(string token) => $"<iq type='set' id='p' to='localhost'><preauth xmlns='urn:xmpp:pars:0' token='{token}'/></iq>";

    static string Error(string id, string condition) =>
        $"<iq type='error' id='{id}'><error><{condition} xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>";
}
