using System.Text;
using Nyala.Testing;
using Xunit;

namespace Nyala.Server.Tests;

/// <summary>No message bodies, passwords or tokens in logs, ever: a day in the life of a server, logged in full, is searched.</summary>
public sealed class SecretsInLogsTests
{
    const string Body = "the-balcony-at-midnight-4711";

    [Fact]
    public async Task Neither_bodies_nor_passwords_nor_tokens_are_logged()
    {
        await using var server = await TestServer.StartAsync(settings: "Registration=open");
        await server.AddUserAsync("romeo");
        await server.AddUserAsync("juliet");
        await using var romeo = await server.LoginAsync("romeo", "garden");
        await using var juliet = await server.LoginAsync("juliet", "balcony");
        await romeo.SendAsync($"<message type='chat' to='juliet@localhost/balcony' id='m1'><body>{Body}</body></message>");
        await juliet.AwaitAsync($"<message type='chat' id='m1'><body>{Body}</body></message>");
        await romeo.SendAsync($"<message type='chat' to='nobody@localhost' id='m2'><body>{Body}</body></message>");
        await romeo.AwaitAsync("<message type='error' id='m2'/>");
        await romeo.SendAsync($"<iq type='set' id='p1'><query xmlns='jabber:iq:register'><username>romeo</username><password>{Body}-password</password></query></iq>");
        await romeo.AwaitAsync("<iq id='p1' type='result'/>");

        await using var wrong = await server.ConnectAsync();
        await wrong.OpenAsync();
        var guess = Convert.ToBase64String(Encoding.UTF8.GetBytes("\0juliet\0" + Body + "-wrong"));
        await wrong.SendAsync($"<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>{guess}</auth>");
        await wrong.ExpectAsync("<failure xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>");
        await romeo.SendAsync($"<message to='juliet@localhost'><body>{Body}</broken>");
        await romeo.ExpectStreamErrorAsync("not-well-formed");
        await server.StopAsync();

        var plain = Convert.ToBase64String(Encoding.UTF8.GetBytes("\0romeo\0" + TestServer.Password));
        Assert.NotEmpty(server.Logs);
        foreach (var line in server.Logs)
        {
            Assert.DoesNotContain(Body, line, StringComparison.Ordinal);
            Assert.DoesNotContain(TestServer.Password, line, StringComparison.Ordinal);
            Assert.DoesNotContain(plain, line, StringComparison.Ordinal);
            Assert.DoesNotContain(guess, line, StringComparison.Ordinal);
        }
    }
}
