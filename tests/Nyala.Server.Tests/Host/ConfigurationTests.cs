using System.Collections;
using System.Net;
using Nyala.Core;
using Nyala.Core.Components;
using Nyala.Host.Configuration;
using Xunit;

namespace Nyala.Server.Tests.Host;

public sealed class ConfigurationTests : IDisposable
{
    readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("nyala-config-");

    public void Dispose() => _directory.Delete(recursive: true);

    [Fact]
    public void Nothing_set_means_localhost_on_loopback()
    {
        var options = Read();
        Assert.Equal("localhost", options.Server.Domain);
        Assert.Equal([new IPEndPoint(IPAddress.Loopback, 5222)], options.Xmpp);
        Assert.Equal([new IPEndPoint(IPAddress.Loopback, 5281)], options.Https);
        Assert.Equal("http://127.0.0.1:5280", options.Server.WebAddress);
        Assert.Equal(Path.Combine(_directory.FullName, "data"), options.Data);
        Assert.True(options.Server.TlsRequired);
        Assert.Equal(RegistrationMode.Invite, options.Server.Registration);
        Assert.Equal(new Limits(), options.Server.Limits);
    }

    [Theory]
    [InlineData("chat.example.org", true)]
    [InlineData("localhost", false)]
    [InlineData("chat.localhost", false)]
    [InlineData("chat.test", false)]
    [InlineData("printer.local", false)]
    [InlineData("192.0.2.7", false)]
    [InlineData("intranet", false)]
    public void Only_a_public_domain_listens_on_all_addresses(string domain, bool everywhere)
    {
        var options = Read($"Domain={domain}");
        Assert.Equal(everywhere ? IPAddress.IPv6Any : IPAddress.Loopback, Assert.Single(options.Xmpp).Address);
        Assert.Equal(everywhere ? $"https://{domain}:5281" : "http://127.0.0.1:5280", options.Server.WebAddress);
    }

    [Theory]
    [InlineData("off", "")]
    [InlineData("5333", "127.0.0.1:5333")]
    [InlineData("192.0.2.1:5333", "192.0.2.1:5333")]
    [InlineData("[2001:db8::1]:5333", "[2001:db8::1]:5333")]
    [InlineData("127.0.0.1:1, [::1]:1", "127.0.0.1:1 [::1]:1")]
    [InlineData("localhost:1", "127.0.0.1:1")]
    [InlineData("*:1", "[::]:1")]
    public void Listeners_are_ports_addresses_lists_or_off(string text, string endpoints) =>
        Assert.Equal(endpoints, string.Join(' ', Read($"Listen:Xmpp={text}").Xmpp));

    [Theory]
    [InlineData("Listn:Xmpp=5222", "There is no key Listn:Xmpp (from --set): did you mean Listen:Xmpp?")]
    [InlineData("Limits:StanzaByte=5", "There is no key Limits:StanzaByte (from --set): did you mean Limits:StanzaBytes?")]
    [InlineData("Colour=blue", "There is no key Colour (from --set): allowed are those that 'nyala config' lists.")]
    [InlineData("Listen:Xmpp=70000", "Listen:Xmpp cannot be '70000' (from --set): allowed is a port, address:port, [v6]:port, several of these with commas, or off.")]
    [InlineData("Listen:Xmpp=::1:5222", "Listen:Xmpp cannot be '::1:5222'")]
    [InlineData("Listen:Xmpp=5222,5222", "Listen:Xmpp cannot be '5222,5222'")]
    [InlineData("Listen:Http=5222", "Listen:Http and Listen:Xmpp cannot both be 127.0.0.1:5222: give one of them another port, or off.")]
    [InlineData("Domain=", "Domain cannot be ''")]
    [InlineData("Domain=user@example.org", "Domain cannot be 'user@example.org'")]
    [InlineData("Registration=maybe", "Registration cannot be 'maybe' (from --set): allowed is invite, open or closed.")]
    [InlineData("Storage=postgres", "Storage cannot be 'postgres' (from --set): allowed is sqlite (PostgreSQL comes in a later version).")]
    [InlineData("Tls:Required=perhaps", "Tls:Required cannot be 'perhaps'")]
    [InlineData("Tls:Certificate=/a.pem", "Tls:Certificate and Tls:Key must be set together")]
    [InlineData("Passwords:Iterations=1000", "Passwords:Iterations cannot be '1000' (from --set): allowed is a number from 4096 to 1000000.")]
    [InlineData("Limits:StanzaBytes=1000", "Limits:StanzaBytes cannot be '1000' (from --set): allowed is a number from 262144 to 16777216.")]
    [InlineData("Limits:ResumptionTime=soon", "Limits:ResumptionTime cannot be 'soon' (from --set): allowed is a time such as 30s, 10m, 2h or 1d.")]
    [InlineData("WebAddress=chat.example.org", "WebAddress cannot be 'chat.example.org'")]
    [InlineData("WebAddress=https://chat.example.org/path", "WebAddress cannot be")]
    [InlineData("Files:MaxBytes=much", "Files:MaxBytes cannot be 'much' (from --set): allowed is a size such as 500K, 100M or 10G.")]
    [InlineData("Files:MaxBytes=0", "Files:MaxBytes cannot be '0'")]
    [InlineData("Files:MaxBytes=9999999T", "Files:MaxBytes cannot be '9999999T'")]
    [InlineData("Files:MaxBytes=2G", "Files:MaxBytes must not be more than Files:Quota: raise the quota, or lower the largest file.")]
    [InlineData("Files:Expiry=5m", "Files:Expiry must be longer than Files:SlotTime: files would be gone before they are there.")]
    [InlineData("Files:Expiry=sometimes", "Files:Expiry cannot be 'sometimes' (from --set): allowed is a time such as 30s, 10m, 2h or 1d, or never.")]
    [InlineData("Files:Host=localhost", "Files:Host must not be the server's own domain localhost: take another name or auto.")]
    [InlineData("Files:Host=pubsub.localhost", "Files:Host must not be pubsub.localhost, which is something else here: take another name or auto.")]
    [InlineData("Files:Address=files.example.org", "Files:Address cannot be 'files.example.org'")]
    [InlineData("Contact:Abuse=abuse", "Contact:Abuse cannot be 'abuse' (from --set): allowed is addresses such as mailto:abuse@example.org")]
    [InlineData("Contact:Abuse=/etc/passwd", "Contact:Abuse cannot be '/etc/passwd'")]
    [InlineData("DataPolicy:Terms=our terms", "DataPolicy:Terms cannot be 'our terms'")]
    [InlineData("DataPolicy:Access=none,admins", "DataPolicy:Access cannot be 'none,admins'")]
    [InlineData("DataPolicy:Access=friends", "DataPolicy:Access cannot be 'friends'")]
    [InlineData("Log:Level=loud", "Log:Level cannot be 'loud' (from --set): allowed is debug, information, warning or error.")]
    [InlineData("Components:irc.localhost:Secret=short", "Components:irc.localhost:Secret cannot be (from --set): allowed is a text of at least 12 characters.")]
    [InlineData("Components:irc.localhost:Roster=both", "Components:irc.localhost needs a secret: set Components:irc.localhost:Secret to what the component's own configuration has.")]
    [InlineData("Components:a@b:Secret=whisper in the dark", "There is no key Components:a@b:Secret (from --set)")]
    [InlineData("Components:irc.localhost:Colour=blue", "There is no key Components:irc.localhost:Colour (from --set)")]
    [InlineData("Components:localhost:Secret=whisper in the dark", "Components:localhost cannot be a component: that is the server's own domain.")]
    [InlineData("Components:rooms.localhost:Secret=whisper in the dark", "Components:rooms.localhost cannot be a component: that is the domain of groups (Rooms:Host).")]
    [InlineData("Components:irc.localhost:Iq=urn:x=perhaps", "Components:irc.localhost:Iq cannot be 'urn:x=perhaps'")]
    [InlineData("Components:irc.localhost:Delegate=urn:x(a", "Components:irc.localhost:Delegate cannot be 'urn:x(a'")]
    [InlineData("JustText", "--set JustText is not possible: allowed is Key:Sub=value, such as --set Listen:Xmpp=5222.")]
    public void What_is_wrong_stops_the_start_with_one_sentence(string set, string sentence)
    {
        var problem = Assert.Throws<ConfigurationException>(() => Read(set));
        Assert.StartsWith(sentence, problem.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', problem.Message);
    }

    [Theory]
    [InlineData("Components:irc.localhost:Presence=roster", "Components:irc.localhost:Presence cannot be roster: allowed is that only where Components:irc.localhost:Roster is get or both.")]
    [InlineData("Components:irc.localhost:RosterPush=on", "Components:irc.localhost:RosterPush cannot be on: allowed is that only where Components:irc.localhost:Roster is get or both.")]
    public void Permissions_that_need_others_are_refused_without_them(string set, string sentence) => Assert.Equal(
        sentence, Assert.Throws<ConfigurationException>(() => Read("Components:irc.localhost:Secret=whisper in the dark", set)).Message);

    [Fact]
    public void Components_are_read_from_a_file_with_all_they_may_do_and_their_secrets_are_not_shown()
    {
        Write("nyala.json", """
            { "Components": {
                "IRC.Example.org": { "Secret": "whisper in the dark", "Name": "IRC", "Roster": "both", "Messages": "outgoing", "Presence": "roster",
                  "Iq": ["http://jabber.org/protocol/pubsub=set", "urn:x=both"], "Delegate": "urn:xmpp:mam:2(node id), urn:y" },
                "two.example.org": { "Secret": "another whisper" } } }
            """);
        var options = Read();
        Assert.Equal([new IPEndPoint(IPAddress.Loopback, 5347)], options.Components);
        var irc = options.Server.Components.Single(component => component.Domain == "irc.example.org");
        Assert.Equal(("IRC", Access.Both, true, true, PresencePermission.Roster), (irc.Name, irc.Roster, irc.RosterPushes, irc.Messages, irc.Presence));
        Assert.Equal((Access.Set, Access.Both), (irc.Iqs["http://jabber.org/protocol/pubsub"], irc.Iqs["urn:x"]));
        Assert.Equal([("urn:xmpp:mam:2", "node id"), ("urn:y", "")], irc.Delegated.Select(what => (what.Namespace, string.Join(' ', what.Attributes))));
        Assert.Equal((Access.None, false), (options.Server.Components.Single(component => component.Domain == "two.example.org").Roster, irc.Secret.Length == 0));
        Assert.DoesNotContain(options.Describe(), row => row.Value.Contains("whisper", StringComparison.Ordinal));
        Assert.Contains(options.Describe(), row => row.Setting.Key == "Components:irc.example.org:Secret");
    }

    [Fact]
    public void Nothing_listens_for_components_where_there_are_none() => Assert.Empty(Read().Components);

    [Theory]
    [InlineData("Tls:Required=false", "Tls:Required cannot be 'false'")]
    [InlineData("Limits:RateLimits=off", "Limits:RateLimits cannot be 'off'")]
    public void Protections_are_switched_off_only_on_loopback(string set, string sentence)
    {
        Assert.NotNull(Read(set));
        Assert.NotNull(Read(set, "Listen:Xmpp=[::1]:5222", "Listen:XmppTls=off"));
        foreach (var open in (string[])["Listen:Xmpp=*:5222", "Listen:XmppTls=192.0.2.1:5223", "Listen:Http=*:5280", "Domain=example.org"])
        {
            Assert.StartsWith(sentence, Assert.Throws<ConfigurationException>(() => Read(set, open)).Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Files_need_a_web_listener_and_https_for_a_public_domain()
    {
        Assert.True(Read("Listen:Http=off", "Listen:Https=off").Server.Uploads.IsOff);
        Assert.StartsWith("Files:Host needs a web listener",
            Assert.Throws<ConfigurationException>(() => Read("Listen:Http=off", "Listen:Https=off", "Files:Host=upload.localhost")).Message, StringComparison.Ordinal);
        Assert.Equal("http://files.localhost", Read("Files:Address=http://files.localhost").Server.Uploads.Address);
        Assert.StartsWith("Files:Address cannot be http://files.example.org: apps refuse",
            Assert.Throws<ConfigurationException>(() => Read("Domain=example.org", "Files:Address=http://files.example.org")).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Sizes_have_units_and_files_may_stay_for_ever()
    {
        var options = Read("Files:MaxBytes=5m", "Files:Quota=2048K", "Files:MaxBytes=1M", "Files:Expiry=never", "Files:Directory=there").Server.Uploads;
        Assert.Equal((1L << 20, 2L << 20, null), (options.MaxBytes, options.Quota, options.Expiry));
        Assert.Equal(Path.Combine(_directory.FullName, "there"), Read("Files:Directory=there").FilesDirectory);
        Assert.Equal(new UploadOptions(), Read().Server.Uploads);
    }

    [Fact]
    public void A_server_that_listens_nowhere_is_refused() => Assert.Equal(
        "Listen:Xmpp, Listen:XmppTls, Listen:Http, Listen:Https cannot all be off: give at least one of them a port.",
        Assert.Throws<ConfigurationException>(() => Read("Listen:Xmpp=off", "Listen:XmppTls=off", "Listen:Http=off", "Listen:Https=off")).Message);

    [Fact]
    public void Later_sources_win_and_each_value_knows_its_source()
    {
        var file = Write("nyala.json", """
            { // comments are allowed
              "Domain": "file.example.org", "Registration": "open",
              "Listen": { "Xmpp": [5333, "127.0.0.1:5334"] }, "Limits": { "ResourcesPerAccount": 3, "RateLimits": true },
            }
            """);
        var options = Read(new Hashtable { ["NYALA__Domain"] = "env.example.org", ["NYALA__REGISTRATION"] = "closed", ["OTHER"] = "x" }, null, "Registration=invite");
        Assert.Equal("env.example.org", options.Server.Domain);
        Assert.Equal(RegistrationMode.Invite, options.Server.Registration);
        Assert.Equal(3, options.Server.Limits.ResourcesPerAccount);
        Assert.Equal(2, options.Xmpp.Count);
        var sources = options.Describe().ToDictionary(row => row.Setting.Key, row => row.Source);
        Assert.Equal("environment NYALA__Domain", sources["Domain"]);
        Assert.Equal("--set", sources["Registration"]);
        Assert.Equal(file, sources["Listen:Xmpp"]);
        Assert.Equal("default", sources["Listen:Http"]);
    }

    [Theory]
    [InlineData("{ \"Domain\": }", "is not JSON: see line 1")]
    [InlineData("[]", "it must be one JSON object")]
    [InlineData("{ \"Domain\": null }", "The value of Domain in")]
    [InlineData("{ \"Domain\": \"a.org\", \"domain\": \"b.org\" }", "twice: keep one.")]
    [InlineData("{ \"Listen\": { \"Xmp\": 1 } }", "did you mean Listen:Xmpp?")]
    public void A_file_that_is_wrong_is_named(string json, string part)
    {
        var file = Write("nyala.json", json);
        var problem = Assert.Throws<ConfigurationException>(() => Read());
        Assert.Contains(part, problem.Message, StringComparison.Ordinal);
        Assert.Contains(file, problem.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_file_is_looked_for_in_the_data_directory_first()
    {
        Write("nyala.json", """{ "Domain": "current.example.org" }""");
        Write("data/nyala.json", """{ "Domain": "data.example.org" }""");
        Write("own.json", """{ "Domain": "own.example.org", "Tls": { "Certificate": "a.pem", "Key": "a.key" } }""");
        Assert.Equal("data.example.org", Read().Server.Domain);
        Assert.Equal("current.example.org", Read("Data=elsewhere").Server.Domain);
        var own = Read([], Path.Combine(_directory.FullName, "own.json"));
        Assert.Equal("own.example.org", own.Server.Domain);
        Assert.Equal(Path.Combine(_directory.FullName, "a.pem"), own.CertificateFile);
        Assert.Throws<ConfigurationException>(() => Read([], Path.Combine(_directory.FullName, "none.json")));
    }

    [Fact]
    public void Secrets_are_masked()
    {
        var options = Read("Metrics:Token=very-secret-token");
        Assert.Equal("••••••••", options.Describe().Single(row => row.Setting.Key == "Metrics:Token").Value);
        var problem = Assert.Throws<ConfigurationException>(() => Read("Metrics:Token=short"));
        Assert.DoesNotContain("short", problem.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Every_limit_can_be_set()
    {
        foreach (var (property, setting) in Settings.Limits)
        {
            var text = property.PropertyType == typeof(TimeSpan) ? "77s" : property.PropertyType == typeof(bool) ? "off" : "300000";
            Assert.Equal(setting.Parse(text), property.GetValue(Read($"{setting.Key}={text}").Server.Limits));
        }

        Assert.Equal(typeof(Limits).GetProperties().Length, Settings.Limits.Count);
    }

    [Fact]
    public void Every_setting_says_what_it_means() => Assert.All(Settings.All, setting => Assert.NotEmpty(setting.Meaning));

    string Write(string name, string text)
    {
        var file = Path.Combine(_directory.FullName, name);
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        File.WriteAllText(file, text);
        return file;
    }

    NyalaOptions Read(params string[] sets) => Read([], null, sets);

    NyalaOptions Read(Hashtable environment, string? file, params string[] sets) =>
        new ConfigurationReader(environment, _directory.FullName).Load(new(file, [], sets));
}
