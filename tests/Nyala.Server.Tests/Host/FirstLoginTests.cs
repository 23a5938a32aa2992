using Nyala.Testing;
using Xunit;

namespace Nyala.Server.Tests.Host;

public sealed class FirstLoginTests
{
    [Fact]
    public async Task Two_people_log_in_and_one_writes_to_the_other()
    {
        await using var server = await TestServer.StartAsync();
        await server.AddUserAsync("romeo");
        await server.AddUserAsync("juliet");
        await using var romeo = await server.LoginAsync("romeo", "garden");
        await using var juliet = await server.LoginAsync("juliet", "balcony");
        Assert.Equal("romeo@localhost/garden", romeo.Address);
        await romeo.SendAsync("<message type='chat' to='juliet@localhost/balcony' id='m1'><body>By a name</body></message>");
        await juliet.ExpectAsync("<message from='romeo@localhost/garden' to='juliet@localhost/balcony' type='chat' id='m1'><body>By a name</body></message>");
    }

    [Fact]
    public async Task A_stream_upgrades_to_TLS_with_the_servers_certificate()
    {
        await using var server = await TestServer.StartAsync(settings: "Tls:Required=true");
        await server.AddUserAsync("romeo");
        await using var romeo = await server.ConnectAsync();
        var features = await romeo.OpenAsync();
        ElementPattern.Parse("<stream:features><starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/></stream:features>").Require(features);
        features = await romeo.StartTlsAsync();
        ElementPattern.Parse("<stream:features><mechanisms xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/></stream:features>").Require(features);
    }
}
