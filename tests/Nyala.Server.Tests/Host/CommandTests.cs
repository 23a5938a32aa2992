using System.Text.Json;
using Xunit;

namespace Nyala.Server.Tests.Host;

public sealed class CommandTests : IDisposable
{
    readonly NyalaProcess _nyala = new();

    public void Dispose() => _nyala.Dispose();

    [Fact]
    public async Task Version_and_help_answer()
    {
        Assert.StartsWith("nyala 0.", (await _nyala.RunAsync("version")).Output, StringComparison.Ordinal);
        var help = await _nyala.RunAsync("--help");
        Assert.Equal(0, help.ExitCode);
        Assert.Contains("doctor", help.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("run", "--bogus")]
    [InlineData("frobnicate")]
    [InlineData("user", "add")]
    [InlineData("run", "--set", "Listn:Xmpp=1")]
    [InlineData("invite", "create", "--uses", "0")]
    [InlineData("invite", "create", "--uses", "many")]
    [InlineData("invite", "create", "--expires", "soon")]
    [InlineData("user", "add", "x", "--password", "p", "--password-stdin")]
    public async Task Misuse_ends_with_2_and_a_sentence(params string[] arguments)
    {
        var result = await _nyala.RunAsync(arguments);
        Assert.Equal(2, result.ExitCode);
        Assert.NotEmpty(result.Error);
        Assert.DoesNotContain("   at ", result.Error, StringComparison.Ordinal);
        Assert.False(Directory.Exists(_nyala.Data));
    }

    [Theory]
    [InlineData("rnu", "nyala has no 'rnu': did you mean run?")]
    [InlineData("user lst", "nyala user has no 'lst': did you mean list?")]
    [InlineData("run --dta x", "nyala run has no '--dta': did you mean --data?")]
    [InlineData("version now", "nyala version has no 'now'.")]
    [InlineData("user", "nyala user needs one of these: add, password, list, disable, enable, remove, export, import.")]
    public async Task What_is_mistyped_is_named(string line, string sentence) =>
        Assert.StartsWith(sentence + "\n", (await _nyala.RunAsync(line.Split(' '))).Error, StringComparison.Ordinal);

    [Fact]
    public async Task A_relay_gets_the_secret_that_is_kept_and_the_test_of_push_needs_a_server()
    {
        string[] relay = ["--set", "Turn:Host=turn.example.org", "--set", "Turn:TlsPort=5349"];
        var config = await _nyala.RunAsync(["turn", "config", .. relay]);
        Assert.Equal(0, config.ExitCode);
        Assert.Matches("(?m)^static-auth-secret=[0-9a-f]{64}$", config.Output);
        Assert.Contains("tls-listening-port=5349\n", config.Output, StringComparison.Ordinal);
        Assert.Contains("realm=localhost\n", config.Output, StringComparison.Ordinal);
        Assert.Equal(config.Output, (await _nyala.RunAsync(["turn", "config", .. relay])).Output);
        Assert.Contains("static-auth-secret=sixteen-or-more-x\n", (await _nyala.RunAsync("turn", "config", "--set", "Turn:Secret=sixteen-or-more-x")).Output, StringComparison.Ordinal);
        await _nyala.RunAsync("user", "add", "romeo", "--password", "correct horse battery");
        var test = await _nyala.RunAsync("push", "test", "romeo");
        Assert.Equal(1, test.ExitCode);
        Assert.StartsWith("No server runs", test.Error, StringComparison.Ordinal);
        using var server = await _nyala.ServeAsync();
        test = await _nyala.RunAsync("push", "test", "romeo");
        Assert.Equal(1, test.ExitCode);
        Assert.StartsWith("No device of this account", test.Output, StringComparison.Ordinal);
        Assert.Equal("[]", (await _nyala.RunAsync("push", "test", "romeo", "--json")).Output.Trim());
    }

    [Fact]
    public async Task An_address_of_another_machine_stops_the_start_with_the_key()
    {
        string[] others = ["--set", "Listen:XmppTls=off", "--set", "Listen:Http=off", "--set", "Listen:Https=off"];
        foreach (var port in (string[])["5222", "0"])
        {
            var result = await _nyala.RunAsync(["run", "--set", "Listen:Xmpp=192.0.2.1:" + port, .. others]);
            Assert.Equal(1, result.ExitCode);
            Assert.StartsWith("192.0.2.1 of Listen:Xmpp is not an address of this machine", result.Error, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Without_web_pages_an_invite_is_only_a_link_for_apps()
    {
        string[] xmppOnly = ["--set", "Listen:Http=off", "--set", "Listen:Https=off"];
        var invite = await _nyala.RunAsync(["invite", "create", .. xmppOnly]);
        Assert.Contains("xmpp:localhost?register;preauth=", invite.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("http:", invite.Output, StringComparison.Ordinal);
        using var server = await _nyala.ServeAsync(xmppOnly);
        Assert.Equal(2, server.Listening());
        Assert.Contains(server.Lines, line => line.StartsWith("  xmpp:localhost?register;preauth=", StringComparison.Ordinal));
        Assert.DoesNotContain(server.Lines, line => line.Contains("http:", StringComparison.Ordinal));
    }

    [Fact]
    public async Task The_configuration_shows_the_source_of_each_value()
    {
        _nyala.Environment["NYALA__Registration"] = "open";
        _nyala.Environment["NYALA__Metrics__Token"] = "a-very-secret-token";
        var plain = await _nyala.RunAsync("config", "--domain", "chat.example.org");
        Assert.Contains("Domain\tchat.example.org\t--domain\n", plain.Output, StringComparison.Ordinal);
        Assert.Contains("Registration\topen\tenvironment NYALA__Registration\n", plain.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("a-very-secret-token", plain.Output, StringComparison.Ordinal);
        using var json = JsonDocument.Parse((await _nyala.RunAsync("config", "--json")).Output);
        Assert.Equal("127.0.0.1:5222", json.RootElement.GetProperty("Listen:Xmpp").GetProperty("value").GetString());
    }

    [Fact]
    public async Task Accounts_are_managed_without_a_server() => await ManageAccountsAsync();

    [Fact]
    public async Task Accounts_are_managed_while_the_server_runs()
    {
        using var server = await _nyala.ServeAsync();
        await ManageAccountsAsync();
        await server.TerminateAsync();
        Assert.Equal(0, server.ExitCode);
    }

    async Task ManageAccountsAsync()
    {
        var made = await _nyala.RunAsync("user", "add", "romeo");
        Assert.Equal((0, ""), (made.ExitCode, made.Error));
        Assert.Matches("^Created romeo@localhost\nPassword: [a-z0-9]{4}(-[a-z0-9]{4}){3}\n$", made.Output);
        Assert.Equal("Created juliet@localhost\n", (await _nyala.RunAsync("pass phrase\n", ["user", "add", "Juliet@localhost", "--password-stdin", "--admin"])).Output);
        Assert.Matches("^juliet@localhost\tadmin\t[0-9-]{10}\nromeo@localhost\tuser\t[0-9-]{10}\n$", (await _nyala.RunAsync("user", "list")).Output);

        async Task RefusesAsync(string part, params string[] arguments)
        {
            var result = await _nyala.RunAsync(arguments);
            Assert.Equal(1, result.ExitCode);
            Assert.Contains(part, result.Error, StringComparison.Ordinal);
        }

        await RefusesAsync("The account romeo@localhost exists already.", "user", "add", "ROMEO", "--password", "pass phrase");
        await RefusesAsync("its domain is localhost", "user", "add", "romeo@example.org", "--password", "pass phrase");
        await RefusesAsync("is not an address", "user", "add", "ro meo", "--password", "pass phrase");
        await RefusesAsync("The password cannot be used", "user", "add", "paris", "--password", "short");
        await RefusesAsync("There is no account paris@localhost", "user", "remove", "paris");
        await RefusesAsync("There is no account paris@localhost", "user", "password", "paris", "--password", "pass phrase");
        await RefusesAsync("needs somebody who becomes the contact", "invite", "create", "--contact");

        await RefusesAsync("There is no account paris@localhost", "admin", "add", "paris");
        await RefusesAsync("There is no report 7.", "reports", "show", "7");
        await RefusesAsync("There is no open report 7.", "reports", "close", "7");
        Assert.Equal("Disabled romeo\n", (await _nyala.RunAsync("user", "disable", "romeo")).Output);
        Assert.Equal("romeo is an administrator\n", (await _nyala.RunAsync("admin", "add", "romeo")).Output);
        Assert.Equal("juliet@localhost\tactive\nromeo@localhost\tdisabled\n", (await _nyala.RunAsync("admin", "list")).Output);
        Assert.Contains("romeo@localhost\tadmin, disabled\t", (await _nyala.RunAsync("user", "list")).Output, StringComparison.Ordinal);
        Assert.Equal("romeo is no administrator\n", (await _nyala.RunAsync("admin", "remove", "romeo")).Output);
        Assert.Equal("Enabled romeo\n", (await _nyala.RunAsync("user", "enable", "romeo")).Output);
        Assert.Equal("[]\n", (await _nyala.RunAsync("reports", "list", "--json")).Output);
        Assert.Equal(0, (await _nyala.RunAsync("user", "password", "romeo", "--password", "other phrase")).ExitCode);
        Assert.Equal("Removed romeo\n", (await _nyala.RunAsync("user", "remove", "romeo")).Output);
        using var left = JsonDocument.Parse((await _nyala.RunAsync("user", "list", "--json")).Output);
        var account = Assert.Single(left.RootElement.EnumerateArray());
        Assert.Equal(("juliet@localhost", "admin"), (account.GetProperty("address").GetString(), account.GetProperty("role").GetString()));
        using var invite = JsonDocument.Parse((await _nyala.RunAsync("invite", "create", "--from", "juliet", "--uses", "3", "--json")).Output);
        var token = invite.RootElement.GetProperty("token").GetString();
        Assert.Equal($"xmpp:juliet@localhost?roster;preauth={token};ibr=y", invite.RootElement.GetProperty("link").GetString());
    }

    [Fact]
    public async Task Reports_are_worked_through_and_a_restart_keeps_everything()
    {
        await _nyala.RunAsync("user", "add", "juliet", "--password", "pass phrase");
        await _nyala.RunAsync("user", "add", "prince", "--password", "pass phrase", "--admin");
        using var server = await _nyala.ServeAsync("--set", "Tls:Required=false");
        await using (var juliet = await Testing.Wire.ConnectAsync(new System.Net.IPEndPoint(System.Net.IPAddress.Loopback, server.Port("XMPP (STARTTLS)")), "localhost"))
        {
            await juliet.LoginAsync("juliet", "pass phrase", "balcony");
            await juliet.SendAsync("<message to='juliet@localhost' type='chat'><body>evidence</body></message>");
            await juliet.SendAsync("<iq type='get' id='m'><metadata xmlns='urn:xmpp:mam:2'/></iq>");
            var id = (await juliet.AwaitAsync("<iq type='result' id='m'/>")).Descendants("{urn:xmpp:mam:2}start").Single().Attribute("id")!.Value;
            await juliet.SendAsync($"<iq type='set' id='b'><block xmlns='urn:xmpp:blocking'><item jid='iago@x.example'><report xmlns='urn:xmpp:reporting:1' reason='urn:xmpp:reporting:abuse'><text>honest, honest</text><stanza-id xmlns='urn:xmpp:sid:0' by='juliet@localhost' id='{id}'/></report></item></block></iq>");
            await juliet.AwaitAsync("<iq type='result' id='b'/>");
        }

        Assert.Matches("^1\t.*\tiago@x.example\turn:xmpp:reporting:abuse\tjuliet@localhost\topen\n$", (await _nyala.RunAsync("reports", "list")).Output);
        using (var shown = JsonDocument.Parse((await _nyala.RunAsync("reports", "show", "1", "--json")).Output))
        {
            Assert.Equal("honest, honest", shown.RootElement.GetProperty("text").GetString());
            Assert.Contains("<body>evidence</body>", shown.RootElement.GetProperty("messages")[0].GetProperty("stanza").GetString(), StringComparison.Ordinal);
        }

        Assert.Equal("Closed report 1\n", (await _nyala.RunAsync("reports", "close", "1")).Output);
        Assert.Equal("[]\n", (await _nyala.RunAsync("reports", "list", "--json")).Output);
        Assert.Contains("\tclosed\n", (await _nyala.RunAsync("reports", "list", "--all")).Output, StringComparison.Ordinal);
        await server.TerminateAsync();
    }

    [Fact]
    public async Task A_backup_brings_back_what_was_there()
    {
        await _nyala.RunAsync("user", "add", "romeo");
        using (var server = await _nyala.ServeAsync())
        {
            var backup = await _nyala.RunAsync("backup", "first.backup");
            Assert.Equal((0, ""), (backup.ExitCode, backup.Error));
            Assert.Equal(1, (await _nyala.RunAsync("backup", "first.backup")).ExitCode);
            await _nyala.RunAsync("user", "remove", "romeo");
            var early = await _nyala.RunAsync("restore", "first.backup", "--force");
            Assert.Equal((1, "The server runs: stop it, restore, and start it again.\n"), (early.ExitCode, early.Error));
            await server.TerminateAsync();
        }

        Assert.Equal(1, (await _nyala.RunAsync("restore", "first.backup")).ExitCode);
        var restored = await _nyala.RunAsync("restore", "first.backup", "--force");
        Assert.Equal((0, ""), (restored.ExitCode, restored.Error));
        Assert.StartsWith("romeo@localhost\t", (await _nyala.RunAsync("user", "list")).Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_doctor_finds_nothing_wrong_with_a_new_installation()
    {
        string[] ports = ["--set", "Listen:Xmpp=127.0.0.1:0", "--set", "Listen:XmppTls=off", "--set", "Listen:Http=off", "--set", "Listen:Https=off"];
        var result = await _nyala.RunAsync(["doctor", .. ports]);
        Assert.True(result.ExitCode == 0, result.Output + result.Error);
        Assert.Contains("Database\tok\tmade at the first start\n", result.Output, StringComparison.Ordinal);
        Assert.False(Directory.Exists(_nyala.Data));
    }

    [Fact]
    public async Task Features_names_each_specification_once()
    {
        var lines = (await _nyala.RunAsync("features")).Output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Distinct(lines.Select(line => line.Split('\t')[0]));
        Assert.Contains(lines, line => line.StartsWith("RFC 6121\t", StringComparison.Ordinal));
    }

    [Fact]
    public async Task The_doctor_names_problem_and_remedy()
    {
        using var server = await _nyala.ServeAsync();
        var taken = server.Port("Web");
        var other = Path.Combine(_nyala.Directory, "other");
        var result = await _nyala.RunAsync("doctor", "--json", "--data", other, "--domain", "chat.example.org", "--set", $"Listen:Http=127.0.0.1:{taken}");
        Assert.Equal(1, result.ExitCode);
        using var json = JsonDocument.Parse(result.Output);
        var problems = json.RootElement.EnumerateArray().Where(finding => finding.GetProperty("state").GetString() == "problem").ToArray();
        var port = problems.Single(finding => finding.GetProperty("check").GetString() == $"Port {taken}");
        Assert.Contains("nyala (process ", port.GetProperty("text").GetString(), StringComparison.Ordinal);
        Assert.Contains("Listen:Http", port.GetProperty("remedy").GetString(), StringComparison.Ordinal);
        Assert.Contains(problems, finding => finding.GetProperty("text").GetString() == "it is self-signed, and phones refuse that");
        Assert.All(problems, finding => Assert.NotEmpty(finding.GetProperty("remedy").GetString()!));
    }
}
