using System.Text;
using Nyala.Core;
using Nyala.Federation;
using Nyala.Federation.Naming;
using Nyala.Testing;
using Nyala.Xmpp.Stanzas;
using Xunit;

namespace Nyala.Server.Tests.Federation;

/// <summary>What one queue counts against its bounds.</summary>
public sealed class RemoteQueueTests
{
    static Stanza Message { get; } = Stanza.Parse(Encoding.UTF8.GetBytes("<message from='romeo@localhost/x' to='juliet@capulet.test' type='chat'><body>hi</body></message>"));

    [Fact]
    public async Task A_row_that_was_counted_when_the_queue_began_is_not_counted_again_when_it_comes()
    {
        NyalaServer? made = null;
        await using var server = await TestServer.StartWithAsync(one =>
        {
            made = one;
            return [];
        });
        var options = new FederationOptions { Hosts = new Dictionary<string, Place> { ["capulet.test"] = new("127.0.0.1", LoopbackPort.Find(), DirectTls: false) } };
        var services = new FederationServices(made!, options, [], null!) { Answered = (_, _, _) => { }, Offer = (_, _) => new((RemoteQueue?)null) };
        var load = new FederationLoad();
        var now = TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds();

        // Rows 6 and 7 were durable when it was loaded, 7 had not been handed over yet; 8 became durable afterwards.
        var queue = new RemoteQueue(services, load, ("localhost", "capulet.test"), owner: -5, mark: 5, stored: 2, countedTo: 7);
        Assert.True(queue.Add(Message, 7, now));
        Assert.Equal(2, load.Stored);
        Assert.True(queue.Add(Message, 8, now));
        Assert.Equal(3, load.Stored);
        queue.Stop();
    }
}
