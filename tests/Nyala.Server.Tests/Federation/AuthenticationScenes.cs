using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Nyala.Testing;
using Xunit;

namespace Nyala.Server.Tests.Federation;

/// <summary>Who another server is, has to be proven: negotiation, EXTERNAL, dialback, and what happens to liars.</summary>
public sealed class AuthenticationScenes : IAsyncLifetime
{
    const string Ours = "montague.test";
    const string Theirs = "capulet.test";

    readonly X509Certificate2 _certificate = Certificate(Theirs);
    readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    readonly string _roots = Path.GetTempFileName();
    TestServer? _server;

    public async ValueTask InitializeAsync()
    {
        _listener.Start();
        await File.WriteAllTextAsync(_roots, _certificate.ExportCertificatePem());
        _server = await StartAsync();
        await _server.AddUserAsync("romeo");
    }

    public async ValueTask DisposeAsync()
    {
        await _server!.DisposeAsync();
        _listener.Dispose();
        _certificate.Dispose();
        File.Delete(_roots);
    }

    [Theory]
    [InlineData("from='capulet.test' to='verona.test' version='1.0'", "host-unknown")]
    [InlineData("from='capulet.test' version='1.0'", "improper-addressing")]
    [InlineData("from='montague.test' to='montague.test' version='1.0'", "invalid-from")]
    [InlineData("from='juliet@capulet.test' to='montague.test' version='1.0'", "invalid-from")]
    [InlineData("from='evil.test' to='montague.test' version='1.0'", "policy-violation")]
    [InlineData("from='sub.evil.test' to='montague.test' version='1.0'", "policy-violation")]
    [InlineData("from='capulet.test' to='montague.test'", "unsupported-version")]
    [InlineData("from='capulet.test' to='montague.test' version='0.9'", "unsupported-version")]
    public async Task A_header_that_is_wrong_ends_the_stream(string attributes, string condition)
    {
        await using var wire = await OtherWire.ConnectAsync(_server!.Servers);
        await wire.SendAsync($"<stream:stream xmlns='jabber:server' xmlns:stream='http://etherx.jabber.org/streams' {attributes}>");
        await wire.ReadHeaderAsync();
        await wire.ExpectErrorAsync(condition);
    }

    [Fact]
    public async Task A_client_at_the_port_for_servers_is_sent_away()
    {
        await using var wire = await OtherWire.ConnectAsync(_server!.Servers);
        await wire.SendAsync("<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' to='montague.test' version='1.0'>");
        await wire.ReadHeaderAsync();
        await wire.ExpectErrorAsync("invalid-namespace");
    }

    [Fact]
    public async Task Who_speaks_a_later_version_is_answered_in_ours()
    {
        await using var wire = await OtherWire.ConnectAsync(_server!.Servers);
        await wire.OpenAsync(Theirs, Ours, "version='2.1'");
        await wire.ReadHeaderAsync();
        Assert.Equal("1.0", wire.Header!.Attribute("version")?.Value);
        await wire.ExpectAsync("<features xmlns='http://etherx.jabber.org/streams'><starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/></features>");
    }

    [Theory]
    [InlineData("<db:result from='capulet.test' to='montague.test'>key</db:result>")]
    [InlineData("<db:verify from='capulet.test' to='montague.test' id='one'>key</db:verify>")]
    public async Task Nothing_is_taken_before_tls(string said)
    {
        await using var wire = await OtherWire.ConnectAsync(_server!.Servers);
        await wire.OpenAsync(Theirs, Ours);
        await wire.ReadHeaderAsync();
        await wire.SendAsync(said);
        await wire.ExpectErrorAsync("policy-violation");
    }

    [Fact]
    public async Task A_certificate_counts_for_nothing_before_tls()
    {
        await using var wire = await OtherWire.ConnectAsync(_server!.Servers);
        await wire.OpenAsync(Theirs, Ours);
        await wire.ReadHeaderAsync();
        await wire.ExpectAsync("<features xmlns='http://etherx.jabber.org/streams'/>");
        await wire.SendAsync("<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='EXTERNAL'>=</auth>");
        await wire.ExpectAsync("<failure xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><encryption-required/></failure>");
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Who_says_that_it_believes_us_before_it_was_asked_gets_nothing(bool tls)
    {
        await using var romeo = await _server!.LoginAsync("romeo", "orchard");
        await romeo.SendAsync("<presence/>" + Chat(1));
        await using var coming = OtherWire.Of(await _listener.AcceptSocketAsync());
        if (tls)
        {
            await coming.ReceiveSecureAsync(Theirs, _certificate);
        }
        else
        {
            await coming.ReadHeaderAsync();
            await coming.OpenAsync(Theirs, Ours, "version='1.0' id='one'");
        }

        await coming.SendAsync($"<db:result from='{Theirs}' to='{Ours}' type='valid'/>");
        await coming.ExpectErrorAsync("policy-violation");
    }

    [Fact]
    public async Task Nothing_is_taken_before_authentication()
    {
        await using var wire = await OtherWire.ConnectAsync(_server!.Servers);
        await wire.SecureAsync(Theirs, Ours);
        await wire.SendAsync($"<message from='juliet@{Theirs}' to='romeo@{Ours}'><body>hi</body></message>");
        await wire.ExpectErrorAsync("not-authorized");
    }

    [Fact]
    public async Task A_valid_certificate_is_enough()
    {
        await using var wire = await ExternalAsync();
        await wire.SendAsync("<enable xmlns='urn:xmpp:sm:3'/>");
        await wire.ExpectAsync("<enabled xmlns='urn:xmpp:sm:3'/>");
        await wire.SendAsync($"<message from='juliet@{Theirs}/b' to='romeo@{Ours}' type='chat' id='m1'><body>hi</body></message><r xmlns='urn:xmpp:sm:3'/>");
        var answer = await wire.ReceiveAsync();
        if (answer.Attribute("h")?.Value == "0")
        {
            answer = await wire.ReceiveAsync();
        }

        Assert.Equal("1", answer.Attribute("h")?.Value);
        await using var romeo = await _server!.LoginAsync("romeo", "orchard");
        await romeo.SendAsync("<presence/>");
        await romeo.AwaitAsync($"<message from='juliet@{Theirs}/b' id='m1'><body>hi</body></message>");
    }

    [Theory]
    [InlineData("<message from='juliet@verona.test' to='romeo@montague.test'/>", "invalid-from")]
    [InlineData("<message from='romeo@montague.test' to='romeo@montague.test'/>", "invalid-from")]
    [InlineData("<message from='juliet@capulet.test' to='romeo@verona.test'/>", "host-unknown")]
    [InlineData("<message to='romeo@montague.test'/>", "improper-addressing")]
    [InlineData("<message from='juliet@capulet.test'/>", "improper-addressing")]
    public async Task Who_speaks_for_others_is_cut_off(string stanza, string condition)
    {
        await using var wire = await ExternalAsync();
        await wire.SendAsync(stanza);
        await wire.ExpectErrorAsync(condition);
    }

    [Fact]
    public async Task A_certificate_of_somebody_else_proves_nothing()
    {
        using var other = Certificate("verona.test");
        await using var wire = await OtherWire.ConnectAsync(_server!.Servers);
        var features = await wire.SecureAsync(Theirs, Ours, other);
        Assert.DoesNotContain("EXTERNAL", features.ToString(), StringComparison.Ordinal);
        await wire.SendAsync("<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='EXTERNAL'>=</auth>");
        await wire.ExpectAsync("<failure xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><not-authorized/></failure>");
    }

    [Fact]
    public async Task A_certificate_gives_no_right_to_another_name()
    {
        await using var wire = await OtherWire.ConnectAsync(_server!.Servers);
        await wire.SecureAsync(Theirs, Ours, _certificate);
        await wire.SendAsync($"<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='EXTERNAL'>{Convert.ToBase64String("verona.test"u8)}</auth>");
        await wire.ExpectAsync("<failure xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><invalid-authzid/></failure>");
    }

    [Theory]
    [InlineData("valid")]
    [InlineData("invalid")]
    public async Task Dialback_asks_the_server_whose_name_is_used(string verdict)
    {
        await using var wire = await OtherWire.ConnectAsync(_server!.Servers);
        var features = await wire.SecureAsync(Theirs, Ours);
        Assert.Contains("urn:xmpp:features:dialback", features.ToString(), StringComparison.Ordinal);
        var stream = wire.Header!.Attribute("id")!.Value;
        await wire.SendAsync($"<db:result from='{Theirs}' to='{Ours}'>some key</db:result>");
        await using var asked = OtherWire.Of(await _listener.AcceptSocketAsync());
        await asked.ReceiveSecureAsync(Theirs, _certificate);
        await asked.SendAsync("<stream:features/>");
        var question = await asked.ExpectAsync($"<verify xmlns='jabber:server:dialback' from='{Ours}' to='{Theirs}' id='{stream}'/>");
        Assert.Equal("some key", question.Value);
        await asked.SendAsync($"<db:verify from='{Theirs}' to='{Ours}' id='{stream}' type='{verdict}'/>");
        await wire.ExpectAsync($"<result xmlns='jabber:server:dialback' from='{Ours}' to='{Theirs}' type='{verdict}'/>");
        if (verdict == "invalid")
        {
            await Assert.ThrowsAnyAsync<Exception>(wire.ReceiveAsync);
            return;
        }

        await wire.SendAsync($"<iq type='get' from='juliet@{Theirs}/b' to='romeo@{Ours}/x' id='i1'><ping xmlns='urn:xmpp:ping'/></iq>");
        await using var answering = OtherWire.Of(await _listener.AcceptSocketAsync());
        await answering.ReceiveSecureAsync(Theirs, _certificate);
        await answering.SendAsync("<stream:features/>");
        await answering.ExpectAsync($"<result xmlns='jabber:server:dialback' from='{Ours}' to='{Theirs}'/>");
        await answering.SendAsync($"<db:result from='{Theirs}' to='{Ours}' type='valid'/>");
        await answering.ExpectAsync($"<iq xmlns='jabber:server' type='error' from='romeo@{Ours}/x' to='juliet@{Theirs}/b' id='i1'/>");
    }

    [Fact]
    public async Task Dialback_for_a_domain_that_is_not_ours_is_an_error_and_the_stream_goes_on()
    {
        await using var wire = await OtherWire.ConnectAsync(_server!.Servers);
        await wire.SecureAsync(Theirs, Ours);
        await wire.SendAsync($"<db:result from='{Theirs}' to='verona.test'>key</db:result>");
        await wire.ExpectAsync("<result xmlns='jabber:server:dialback' from='verona.test' type='error'><error xmlns='jabber:server'><item-not-found xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></result>");
        await wire.SendAsync($"<db:result from='evil.test' to='{Ours}'>key</db:result>");
        await wire.ExpectAsync("<result xmlns='jabber:server:dialback' to='evil.test' type='error'><error xmlns='jabber:server'><not-allowed xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></result>");
    }

    [Theory]
    [InlineData(true, "remote-server-timeout")]
    [InlineData(false, "remote-server-not-found")]
    public async Task Dialback_says_why_it_could_not_ask(bool isKnown, string condition)
    {
        var from = isKnown ? Theirs : "verona.invalid";
        await using var wire = await OtherWire.ConnectAsync(_server!.Servers);
        await wire.SecureAsync(from, Ours);
        await wire.SendAsync($"<db:result from='{from}' to='{Ours}'>some key</db:result>");
        if (isKnown)
        {
            (await _listener.AcceptSocketAsync()).Dispose();
        }

        await wire.ExpectAsync($"<result xmlns='jabber:server:dialback' from='{Ours}' to='{from}' type='error'><error xmlns='jabber:server'><{condition} xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></result>");
    }

    [Fact]
    public async Task A_key_of_a_domain_that_is_not_ours_is_not_found()
    {
        await using var asking = await OtherWire.ConnectAsync(_server!.Servers);
        await asking.SecureAsync(Theirs, Ours);
        await asking.SendAsync($"<db:verify from='{Theirs}' to='verona.test' id='one'>key</db:verify>");
        await asking.ExpectAsync($"<verify xmlns='jabber:server:dialback' from='verona.test' to='{Theirs}' id='one' type='error'><error xmlns='jabber:server'><item-not-found xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></verify>");
    }

    [Fact]
    public async Task Our_own_keys_are_recognised_and_no_others()
    {
        await using var romeo = await _server!.LoginAsync("romeo", "orchard");
        await romeo.SendAsync($"<iq type='get' to='{Theirs}' id='i1'><ping xmlns='urn:xmpp:ping'/></iq>");
        await using var coming = OtherWire.Of(await _listener.AcceptSocketAsync());
        await coming.ReceiveSecureAsync(Theirs, _certificate);
        await coming.SendAsync("<stream:features/>");
        var key = (await coming.ExpectAsync("<result xmlns='jabber:server:dialback'/>")).Value;
        await using var asking = await OtherWire.ConnectAsync(_server.Servers);
        await asking.SecureAsync(Theirs, Ours);
        foreach (var (shown, stream, verdict) in ((string, string, string)[])[(key, "two", "valid"), (key, "one", "invalid"), ("0" + key, "two", "invalid")])
        {
            await asking.SendAsync($"<db:verify from='{Theirs}' to='{Ours}' id='{stream}'>{shown}</db:verify>");
            await asking.ExpectAsync($"<verify xmlns='jabber:server:dialback' from='{Ours}' to='{Theirs}' id='{stream}' type='{verdict}'/>");
        }
    }

    [Fact]
    public async Task A_stanza_that_declares_the_namespace_itself_is_understood()
    {
        await using var wire = await ExternalAsync();
        await wire.SendAsync($"<message xmlns='jabber:server' from='juliet@{Theirs}/b' to='romeo@{Ours}' type='chat' id='m1'><body>hi</body><x xmlns='urn:example:x'/></message>");
        await using var romeo = await _server!.LoginAsync("romeo", "orchard");
        await romeo.SendAsync("<presence/>");
        await romeo.AwaitAsync("<message id='m1'><body>hi</body><x xmlns='urn:example:x'/></message>");
    }

    [Fact]
    public async Task Who_asks_for_it_is_answered_on_its_own_stream_and_goes_on_there_after_a_cut()
    {
        await using var romeo = await _server!.LoginAsync("romeo", "orchard");
        string id;
        await using (var wire = await ExternalAsync("<bidi xmlns='urn:xmpp:bidi'/>"))
        {
            await wire.SendAsync("<enable xmlns='urn:xmpp:sm:3' resume='true'/>");
            id = (await wire.ExpectAsync("<enabled xmlns='urn:xmpp:sm:3' resume='true'/>")).Attribute("id")!.Value;
            await romeo.SendAsync(Chat(1) + Chat(2));
            await wire.ExpectAsync($"<message xmlns='jabber:server' from='{romeo.Address}' to='juliet@{Theirs}'><body>1</body></message>");
        }

        await using var again = await ExternalAsync("<bidi xmlns='urn:xmpp:bidi'/>");
        await again.SendAsync($"<resume xmlns='urn:xmpp:sm:3' previd='{id}' h='1'/>");
        await again.ExpectAsync($"<resumed xmlns='urn:xmpp:sm:3' previd='{id}' h='0'/>");
        await again.ExpectAsync("<message xmlns='jabber:server'><body>2</body></message>");
        await again.ExpectAsync("<r xmlns='urn:xmpp:sm:3'/>");
        await again.SendAsync("<a xmlns='urn:xmpp:sm:3' h='2'/>");
        Assert.False(_listener.Pending());
    }

    [Fact]
    public async Task Who_asks_for_the_way_back_after_authentication_is_not_answered_there()
    {
        await using var wire = await ExternalAsync();
        await wire.SendAsync($"<bidi xmlns='urn:xmpp:bidi'/><presence from='juliet@{Theirs}/b' to='romeo@{Ours}'/>");
        await using var romeo = await _server!.LoginAsync("romeo", "orchard");
        await romeo.SendAsync(Chat(1));
        using var coming = await _listener.AcceptSocketAsync();
        Assert.NotNull(coming.RemoteEndPoint);
    }

    [Fact]
    public async Task What_comes_back_on_a_stream_of_ours_is_taken_for_its_two_domains_alone()
    {
        await using var romeo = await _server!.LoginAsync("romeo", "orchard");
        await romeo.SendAsync("<presence/>" + Chat(1));
        await using var coming = OtherWire.Of(await _listener.AcceptSocketAsync());
        await coming.ReceiveSecureAsync(Theirs, _certificate);
        await coming.SendAsync("<stream:features><bidi xmlns='urn:xmpp:features:bidi'/><sm xmlns='urn:xmpp:sm:3'/></stream:features>");
        await coming.ExpectAsync("<bidi xmlns='urn:xmpp:bidi'/>");
        await coming.ExpectAsync($"<result xmlns='jabber:server:dialback' from='{Ours}' to='{Theirs}'/>");
        await coming.SendAsync($"<db:result from='{Theirs}' to='{Ours}' type='valid'/>");
        await coming.ExpectAsync("<enable xmlns='urn:xmpp:sm:3' resume='true'/>");
        await coming.SendAsync("<enabled xmlns='urn:xmpp:sm:3'/>");
        await coming.ExpectAsync("<message xmlns='jabber:server'><body>1</body></message>");
        await coming.ExpectAsync("<r xmlns='urn:xmpp:sm:3'/>");
        await coming.SendAsync($"<a xmlns='urn:xmpp:sm:3' h='1'/><message from='juliet@{Theirs}/b' to='romeo@{Ours}' type='chat' id='m1'><body>hi</body></message><r xmlns='urn:xmpp:sm:3'/>");
        await romeo.AwaitAsync($"<message from='juliet@{Theirs}/b' id='m1'><body>hi</body></message>");
        var answer = await coming.ReceiveAsync();
        Assert.Equal("1", (answer.Attribute("h")?.Value == "0" ? await coming.ReceiveAsync() : answer).Attribute("h")?.Value);
        await coming.SendAsync($"<db:result from='rooms.{Theirs}' to='{Ours}'>key</db:result>");
        await coming.ExpectAsync($"<result xmlns='jabber:server:dialback' from='{Ours}' to='rooms.{Theirs}' type='error'><error xmlns='jabber:server'><resource-constraint xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></result>");
        await coming.SendAsync($"<message from='juliet@verona.test/b' to='romeo@{Ours}' type='chat'><body>lie</body></message>");
        await coming.ExpectErrorAsync("invalid-from");
    }

    static string Chat(int number) => $"<message to='juliet@{Theirs}' type='chat' id='m{number}'><body>{number}</body></message>";

    static X509Certificate2 Certificate(string domain)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={domain}", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName(domain);
        request.CertificateExtensions.Add(names.Build());
        var now = TimeProvider.System.GetUtcNow();
        return request.CreateSelfSigned(now.AddHours(-1), now.AddHours(1));
    }

    Task<TestServer> StartAsync(params string[] settings) => TestServer.StartAsync(null, null, [
        $"Domain={Ours}", "Federation:Enabled=on", "Federation:Deny=evil.test", $"Federation:Roots={_roots}",
        $"Federation:Hosts={Theirs}=127.0.0.1:{((IPEndPoint)_listener.LocalEndpoint).Port}", .. settings,
    ]);

    async Task<OtherWire> ExternalAsync(string before = "")
    {
        var wire = await OtherWire.ConnectAsync(_server!.Servers);
        var features = await wire.SecureAsync(Theirs, Ours, _certificate);
        Assert.Contains("EXTERNAL", features.ToString(), StringComparison.Ordinal);
        Assert.Contains("urn:xmpp:features:bidi", features.ToString(), StringComparison.Ordinal);
        await wire.SendAsync(before + "<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='EXTERNAL'>=</auth>");
        await wire.ExpectAsync("<success xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>");
        await wire.OpenAsync(Theirs, Ours);
        await wire.ReadHeaderAsync();
        await wire.ExpectAsync("<features xmlns='http://etherx.jabber.org/streams'/>");
        return wire;
    }
}
