using Nyala.Testing;
using Xunit;

namespace Nyala.Server.Tests.Negotiation;

/// <summary>A stream with a session: what its header means for the stanzas, and what ends it (RFC 6120 §4, §8.1).</summary>
public sealed class BoundStreamScenes
{
    const string Streams = "xmlns:stream='http://etherx.jabber.org/streams'";

    [Theory]
    [InlineData("<message from='juliet@localhost' to='juliet@localhost'><body>I am you</body></message>", "invalid-from")]
    [InlineData("<message from='romeo@localhost/balcony' to='juliet@localhost'/>", "invalid-from")]
    [InlineData("<message from='@@' to='juliet@localhost'/>", "invalid-from")]
    [InlineData("<presence from=''/>", "invalid-from")]
    [InlineData("<iq from='localhost' type='get' id='p'><ping xmlns='urn:xmpp:ping'/></iq>", "invalid-from")]
    [InlineData($"<stream:stream xmlns='jabber:client' {Streams} version='1.0' to='localhost'>", "bad-format")]
    [InlineData("text", "bad-format")]
    [InlineData("<unheard-of/>", "unsupported-stanza-type")]
    [InlineData("<message xmlns='jabber:server'/>", "unsupported-stanza-type")]
    [InlineData("<message><body></message>", "not-well-formed")]
    [InlineData("<message><!-- a comment --></message>", "restricted-xml")]
    public async Task What_a_bound_stream_may_not_carry_ends_it(string sent, string condition)
    {
        await using var server = await TestServer.StartAsync();
        await server.AddUserAsync("romeo");
        await using var romeo = await server.LoginAsync("romeo", "garden");
        await romeo.SendAsync(sent);
        await romeo.ExpectStreamErrorAsync(condition);
    }

    [Theory]
    [InlineData("")]
    [InlineData("from='romeo@localhost'")]
    [InlineData("from='romeo@localhost/garden'")]
    public async Task Who_speaks_for_itself_is_heard_under_its_full_address(string from)
    {
        await using var server = await TestServer.StartAsync();
        await server.AddUserAsync("romeo");
        await server.AddUserAsync("juliet");
        await using var juliet = await server.LoginAsync("juliet", "balcony");
        await using var romeo = await server.LoginAsync("romeo", "garden");
        await romeo.SendAsync($"<message {from} type='chat' to='juliet@localhost/balcony' id='m'><body>It is I</body></message>");
        await juliet.AwaitAsync("<message from='romeo@localhost/garden' id='m'/>");
    }

    [Fact]
    public async Task What_the_header_says_of_the_language_holds_for_stanzas_that_say_nothing()
    {
        await using var server = await TestServer.StartAsync();
        await server.AddUserAsync("romeo");
        await server.AddUserAsync("juliet");
        await using var juliet = await server.LoginAsync("juliet", "balcony");
        await using var romeo = await server.ConnectAsync();
        await romeo.SendAsync($"<stream:stream xmlns='jabber:client' {Streams} version='1.0' to='localhost' xml:lang='id'>");
        await romeo.ReadHeaderAsync();
        await romeo.ExpectAsync("<stream:features/>");
        await romeo.LogIn2Async("romeo", Logins.Bind2);
        await romeo.SendAsync("<message type='chat' to='juliet@localhost/balcony' id='m1'><body>Nyala</body></message>");
        await romeo.SendAsync("<message type='chat' to='juliet@localhost/balcony' id='m2' xml:lang='en'><body>Lit</body></message>");
        await romeo.SendAsync("<presence to='juliet@localhost/balcony'/>");
        await juliet.AwaitAsync("<message id='m1' xml:lang='id'><body>Nyala</body></message>");
        await juliet.AwaitAsync("<message id='m2' xml:lang='en'/>");
        await juliet.AwaitAsync("<presence xml:lang='id'/>");
    }

    [Fact]
    public async Task Stream_management_is_enabled_once()
    {
        await using var server = await TestServer.StartAsync();
        await server.AddUserAsync("romeo");
        var (romeo, id) = await server.ManagedAsync("romeo", "garden");
        await using var closing = romeo;
        await romeo.SendAsync("<enable xmlns='urn:xmpp:sm:3' resume='true'/>");
        await romeo.ExpectStreamErrorAsync("policy-violation");

        await using var again = await server.AuthenticatedAsync("romeo");
        await again.SendAsync($"<resume xmlns='urn:xmpp:sm:3' previd='{id}' h='0'/>");
        await again.ExpectAsync("<failed xmlns='urn:xmpp:sm:3'><item-not-found xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></failed>");
    }

    [Theory]
    [InlineData("<r xmlns='urn:xmpp:sm:3'/>")]
    [InlineData("<resume xmlns='urn:xmpp:sm:3' previd='nonsense' h='0'/>")]
    [InlineData("<unheard-of xmlns='urn:xmpp:sm:3'/>")]
    public async Task Stream_management_out_of_place_is_refused_and_the_stream_goes_on(string sent)
    {
        await using var server = await TestServer.StartAsync();
        await server.AddUserAsync("romeo");
        await using var romeo = await server.LoginAsync("romeo", "garden");
        await romeo.SendAsync(sent);
        await romeo.ExpectAsync("<failed xmlns='urn:xmpp:sm:3'><unexpected-request xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></failed>");
        await romeo.ExpectNothingAsync();
    }
}
