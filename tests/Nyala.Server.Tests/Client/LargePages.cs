using Nyala.Client;
using Nyala.Testing;
using Nyala.Xmpp;
using Xunit;

namespace Nyala.Server.Tests.Client;

/// <summary>Pages of an archive that are larger than what may wait for a socket (R10).</summary>
public sealed class LargePages
{
    [Fact]
    public async Task A_page_larger_than_the_outbound_bound_arrives_whole()
    {
        var token = TestContext.Current.CancellationToken;
        await using var server = await TestServer.StartAsync(settings: "Limits:OutboundBytes=65536");
        await server.AddUserAsync("romeo");
        await server.AddUserAsync("juliet");
        await using var romeo = new XmppClient(Options(server, "romeo"));
        await romeo.ConnectAsync(token);
        for (var i = 0; i < 60; i++)
        {
            await romeo.SendMessageAsync(Jid.Parse("juliet@localhost"), new string('x', 4_000), token: token);
        }

        await romeo.AcknowledgedAsync(token: token);
        await using var juliet = new XmppClient(Options(server, "juliet"));
        await juliet.ConnectAsync(token);
        var page = await juliet.ArchivePageAsync(new ArchiveQuery { PageSize = 60 }, token);
        Assert.Equal(60, page.Messages.Count);
    }

    static ClientOptions Options(TestServer server, string user) => new()
    {
        Account = Jid.Parse($"{user}@localhost/test"),
        Password = TestServer.Password,
        Host = server.Xmpp.Address.ToString(),
        Port = server.Xmpp.Port,
        Transport = ClientTransport.Plain,
    };
}
