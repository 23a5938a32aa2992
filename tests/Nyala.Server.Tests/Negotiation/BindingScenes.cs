using Microsoft.Extensions.Time.Testing;
using Nyala.Testing;
using Xunit;

namespace Nyala.Server.Tests.Negotiation;

/// <summary>From an authenticated stream to a session: resources, Bind 2, resumption.</summary>
public sealed class BindingScenes
{
    const string Bind = "urn:ietf:params:xml:ns:xmpp-bind";

    [Theory]
    [InlineData("<resource>garden</resource>", "romeo@localhost/garden")]
    [InlineData("<resource/>", "romeo@localhost/*")]
    [InlineData("", "romeo@localhost/*")]
    public async Task A_resource_is_bound_as_asked_or_chosen_by_the_server(string asked, string bound)
    {
        await using var server = await TestServer.StartAsync();
        await server.AddUserAsync("romeo");
        await using var wire = await server.AuthenticatedAsync("romeo");
        await wire.SendAsync($"<iq type='set' id='b'><bind xmlns='{Bind}'>{asked}</bind></iq>");
        var answer = await wire.ExpectAsync($"<iq type='result' id='b'><bind xmlns='{Bind}'><jid>{bound}</jid></bind></iq>");
        Assert.DoesNotMatch("/$", answer.Value);
        await wire.SendAsync("<iq type='set' id='s'><session xmlns='urn:ietf:params:xml:ns:xmpp-session'/></iq>");
        await wire.ExpectAsync("<iq type='result' id='s'/>");
    }

    [Fact]
    public async Task Stream_management_fails_before_authentication_and_the_stream_goes_on()
    {
        await using var server = await TestServer.StartAsync();
        await using var wire = await server.OpenedAsync();
        foreach (var early in (string[])["<enable xmlns='urn:xmpp:sm:3'/>", "<resume xmlns='urn:xmpp:sm:3' previd='x' h='0'/>"])
        {
            await wire.SendAsync(early);
            await wire.ExpectAsync("<failed xmlns='urn:xmpp:sm:3'><unexpected-request xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></failed>");
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Who_has_authenticated_is_offered_to_bind_and_to_resume(bool sasl2)
    {
        await using var server = await TestServer.StartAsync();
        await server.AddUserAsync("romeo");
        await using var wire = await server.OpenedAsync();
        if (sasl2)
        {
            ElementPattern.Parse("<success xmlns='urn:xmpp:sasl:2'><authorization-identifier>romeo@localhost</authorization-identifier></success>")
                .Require(await wire.LogIn2Async("romeo", ""));
        }
        else
        {
            await wire.SendAsync(Logins.Auth("PLAIN", Logins.Plain("romeo")));
            await wire.ExpectAsync($"<success xmlns='{Logins.Sasl}'/>");
        }

        ElementPattern.Parse($"<stream:features><bind xmlns='{Bind}'/><sm xmlns='urn:xmpp:sm:3'/></stream:features>")
            .Require(sasl2 ? await wire.ReceiveAsync() : await wire.OpenAsync());
        await wire.SendAsync($"<iq type='set' id='b'><bind xmlns='{Bind}'/></iq>");
        await wire.ExpectAsync($"<iq type='result' id='b'><bind xmlns='{Bind}'><jid>romeo@localhost/*</jid></bind></iq>");
    }

    [Fact]
    public async Task Who_authenticates_and_never_binds_is_ended()
    {
        var time = new FakeTimeProvider(new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero));
        await using var server = await TestServer.StartAsync(time);
        await server.AddUserAsync("romeo");
        await using var wire = await server.AuthenticatedAsync("romeo");
        time.Advance(TimeSpan.FromSeconds(61));
        await wire.ExpectStreamErrorAsync("connection-timeout");
    }

    public static TheoryData<string> BadRequests { get; } = new(
        $"<iq type='set' id='b'><bind xmlns='{Bind}'><resource>{new string('x', 1024)}</resource></bind></iq>",
        $"<iq type='set' id='b'><bind xmlns='{Bind}'><resource>&#xFFFD;\t</resource></bind></iq>",
        $"<iq type='get' id='b'><bind xmlns='{Bind}'/></iq>");

    [Theory]
    [MemberData(nameof(BadRequests))]
    public async Task What_cannot_be_bound_is_refused_and_another_try_may_follow(string request)
    {
        await using var server = await TestServer.StartAsync();
        await server.AddUserAsync("romeo");
        await using var wire = await server.AuthenticatedAsync("romeo");
        await wire.SendAsync(request);
        await wire.ExpectAsync("<iq type='error' id='b'><error type='modify'><bad-request xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>");
        await wire.SendAsync($"<iq type='set' id='c'><bind xmlns='{Bind}'/></iq>");
        await wire.ExpectAsync("<iq type='result' id='c'/>");
    }

    [Fact]
    public async Task A_resource_that_is_taken_ends_the_session_that_has_it()
    {
        await using var server = await TestServer.StartAsync();
        await server.AddUserAsync("romeo");
        await using var old = await server.LoginAsync("romeo", "garden");
        await using var next = await server.LoginAsync("romeo", "garden");
        await old.ExpectStreamErrorAsync("conflict");
        Assert.Equal("romeo@localhost/garden", next.Address);
        await next.ExpectNothingAsync();
    }

    [Fact]
    public async Task More_resources_than_allowed_are_refused_and_those_that_are_stay()
    {
        await using var server = await TestServer.StartAsync(settings: "Limits:ResourcesPerAccount=1");
        await server.AddUserAsync("romeo");
        await using var garden = await server.LoginAsync("romeo", "garden");
        await using var wire = await server.AuthenticatedAsync("romeo");
        await wire.SendAsync($"<iq type='set' id='b'><bind xmlns='{Bind}'><resource>balcony</resource></bind></iq>");
        await wire.ExpectAsync("<iq type='error' id='b'><error><resource-constraint xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>");
        await garden.ExpectNothingAsync();

        await using var inline = await server.OpenedAsync();
        var success = await inline.LogIn2Async("romeo", Logins.Bind2);
        ElementPattern.Parse(
            "<success xmlns='urn:xmpp:sasl:2'><authorization-identifier>romeo@localhost</authorization-identifier><n:bound xmlns:n='!urn:xmpp:bind:0'/></success>")
            .Require(success);
        await inline.ExpectAsync($"<stream:features><bind xmlns='{Bind}'/></stream:features>");
    }

    [Fact]
    public async Task One_round_trip_authenticates_binds_and_enables_everything()
    {
        await using var server = await TestServer.StartAsync();
        await server.AddUserAsync("romeo");
        await server.AddUserAsync("juliet");
        await using var garden = await server.LoginAsync("romeo", "garden");
        await using var juliet = await server.LoginAsync("juliet", "balcony");
        await using var wire = await server.ConnectAsync();
        ElementPattern.Parse(
            "<stream:features><authentication xmlns='urn:xmpp:sasl:2'><mechanism>PLAIN</mechanism><inline><sm xmlns='urn:xmpp:sm:3'/>"
            + "<bind xmlns='urn:xmpp:bind:0'><inline><feature var='urn:xmpp:sm:3'/></inline></bind>"
            + "<fast xmlns='urn:xmpp:fast:0'><mechanism>HT-SHA-256-NONE</mechanism></fast></inline></authentication></stream:features>")
            .Require(await wire.OpenAsync());

        var success = await wire.LogIn2Async("romeo",
            "<user-agent id='d4565fa7-4d72-4749-b3d3-740edbf87770'><software>Scene</software></user-agent>"
            + "<bind xmlns='urn:xmpp:bind:0'><tag>Scene</tag><enable xmlns='urn:xmpp:carbons:2'/><enable xmlns='urn:xmpp:sm:3' resume='true'/>"
            + "<inactive xmlns='urn:xmpp:csi:0'/></bind>");
        ElementPattern.Parse(
            "<success xmlns='urn:xmpp:sasl:2'><authorization-identifier>romeo@localhost/Scene/*</authorization-identifier><bound xmlns='urn:xmpp:bind:0'>"
            + "<metadata xmlns='urn:xmpp:mam:2'/><enabled xmlns='urn:xmpp:sm:3' id='*' resume='true' max='600'/></bound></success>").Require(success);
        Assert.DoesNotContain("d4565fa7", success.Element("{urn:xmpp:sasl:2}authorization-identifier")!.Value, StringComparison.Ordinal);
        await wire.ExpectAsync($"<stream:features><a:bind xmlns:a='!{Bind}'/><b:sm xmlns:b='!urn:xmpp:sm:3'/><c:mechanisms xmlns:c='!{Logins.Sasl}'/></stream:features>");

        // The count begins with the session.
        await wire.SendAsync("<iq type='get' id='p'><ping xmlns='urn:xmpp:ping'/></iq><r xmlns='urn:xmpp:sm:3'/>");
        await wire.ExpectAsync("<iq type='result' id='p'/>");
        await wire.ExpectAsync("<a xmlns='urn:xmpp:sm:3' h='1'/>");

        // Carbons are on, and what has a body wakes also a client that is inactive.
        await juliet.SendAsync("<message type='chat' to='romeo@localhost/garden' id='m'><body>Hist!</body></message>");
        await garden.AwaitAsync("<message id='m'/>");
        await wire.AwaitAsync("<message><received xmlns='urn:xmpp:carbons:2'/></message>");
    }

    [Fact]
    public async Task Bind_2_tells_where_the_archive_begins_and_ends()
    {
        await using var server = await TestServer.StartAsync();
        await server.AddUserAsync("romeo");
        await using var garden = await server.LoginAsync("romeo", "garden");
        await garden.SendAsync("<message type='chat' to='romeo@localhost' id='m'><body>Note to self</body></message>");
        await garden.ExpectNothingAsync();
        await using var wire = await server.OpenedAsync();
        ElementPattern.Parse(
            "<success xmlns='urn:xmpp:sasl:2'><bound xmlns='urn:xmpp:bind:0'><metadata xmlns='urn:xmpp:mam:2'>"
            + "<start id='*' timestamp='*Z'/><end id='*' timestamp='*Z'/></metadata></bound></success>").Require(await wire.LogIn2Async("romeo", Logins.Bind2));
    }

    [Fact]
    public async Task A_client_that_binds_again_keeps_its_address_and_loses_its_old_session()
    {
        const string Again = "<user-agent id='d4565fa7-4d72-4749-b3d3-740edbf87770'/><bind xmlns='urn:xmpp:bind:0'><tag>Scene</tag></bind>";
        await using var server = await TestServer.StartAsync();
        await server.AddUserAsync("romeo");
        await using var old = await server.OpenedAsync();
        var first = await old.LogIn2Async("romeo", Again);
        await using var next = await server.OpenedAsync();
        var second = await next.LogIn2Async("romeo", Again);
        Assert.Equal(first.Element("{urn:xmpp:sasl:2}authorization-identifier")!.Value, second.Element("{urn:xmpp:sasl:2}authorization-identifier")!.Value);
        await old.ExpectStreamErrorAsync("conflict");

        await using var another = await server.OpenedAsync();
        var third = await another.LogIn2Async("romeo", Again.Replace("d4565fa7", "another", StringComparison.Ordinal));
        Assert.NotEqual(first.Element("{urn:xmpp:sasl:2}authorization-identifier")!.Value, third.Element("{urn:xmpp:sasl:2}authorization-identifier")!.Value);
        await next.ExpectAsync("<stream:features/>");
        await next.ExpectNothingAsync();
    }

    [Fact]
    public async Task Stream_management_cannot_be_enabled_before_a_resource_is_bound()
    {
        await using var server = await TestServer.StartAsync();
        await server.AddUserAsync("romeo");
        await using var wire = await server.AuthenticatedAsync("romeo");
        await wire.SendAsync("<enable xmlns='urn:xmpp:sm:3' resume='true'/>");
        await wire.ExpectAsync("<failed xmlns='urn:xmpp:sm:3'><unexpected-request xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></failed>");
        await wire.SendAsync($"<iq type='set' id='b'><bind xmlns='{Bind}'/></iq>");
        await wire.ExpectAsync("<iq type='result' id='b'/>");
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_lost_stream_is_resumed_and_what_was_not_acknowledged_comes_again(bool inline)
    {
        await using var server = await TestServer.StartAsync();
        await server.AddUserAsync("romeo");
        await server.AddUserAsync("juliet");
        var (lost, id) = await server.ManagedAsync("romeo", "garden");
        await using var closing = lost;
        await using var juliet = await server.LoginAsync("juliet", "balcony");
        await juliet.SendAsync("<message type='chat' to='romeo@localhost/garden' id='m1'><body>1</body></message>");
        await lost.AwaitAsync("<message id='m1'/>");
        lost.Cut();

        var resume = $"<resume xmlns='urn:xmpp:sm:3' previd='{id}' h='0'/>";
        await using var wire = inline ? await server.OpenedAsync() : await server.AuthenticatedAsync("romeo");
        if (inline)
        {
            ElementPattern.Parse(
                "<success xmlns='urn:xmpp:sasl:2'><authorization-identifier>romeo@localhost/garden</authorization-identifier>"
                + $"<resumed xmlns='urn:xmpp:sm:3' h='0' previd='{id}'/><n:bound xmlns:n='!urn:xmpp:bind:0'/></success>")
                .Require(await wire.LogIn2Async("romeo", resume + Logins.Bind2));
        }
        else
        {
            await wire.SendAsync(resume);
            await wire.ExpectAsync($"<resumed xmlns='urn:xmpp:sm:3' h='0' previd='{id}'/>");
        }

        // XEP-0198 §8.2: no features; the stream goes on at once.
        await wire.ExpectAsync("<message id='m1'/>");
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task What_cannot_be_resumed_is_item_not_found_without_a_count_and_binding_goes_on(bool anothers)
    {
        await using var server = await TestServer.StartAsync();
        await server.AddUserAsync("romeo");
        await server.AddUserAsync("juliet");
        var (juliet, id) = await server.ManagedAsync("juliet", "balcony");
        await using var closing = juliet;
        var previous = anothers ? id : "nonsense";
        var failed = "<failed xmlns='urn:xmpp:sm:3' h='-'><item-not-found xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></failed>";

        await using var legacy = await server.AuthenticatedAsync("romeo");
        await legacy.SendAsync($"<resume xmlns='urn:xmpp:sm:3' previd='{previous}' h='0'/>");
        await legacy.ExpectAsync(failed);
        await legacy.SendAsync($"<iq type='set' id='b'><bind xmlns='{Bind}'/></iq>");
        await legacy.ExpectAsync("<iq type='result' id='b'/>");

        await using var inline = await server.OpenedAsync();
        ElementPattern.Parse(
            $"<success xmlns='urn:xmpp:sasl:2'><authorization-identifier>romeo@localhost/*</authorization-identifier>{failed}"
            + "<bound xmlns='urn:xmpp:bind:0'><enabled xmlns='urn:xmpp:sm:3'/></bound></success>")
            .Require(await inline.LogIn2Async("romeo", $"<resume xmlns='urn:xmpp:sm:3' previd='{previous}' h='0'/>{Logins.Bind2}"));
        await inline.ExpectAsync("<stream:features/>");
        await juliet.ExpectNothingAsync();
    }
}
