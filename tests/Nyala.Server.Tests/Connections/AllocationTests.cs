using Nyala.Core.Connections;
using Xunit;

namespace Nyala.Server.Tests.Connections;

public sealed class AllocationTests
{
    [Fact]
    public async Task Writing_to_a_peer_that_reads_allocates_nothing()
    {
        using var fixture = new ConnectionFixture();
        using var wire = Wire.Connect(fixture.Clear);
        await wire.SendAsync(ConnectionFixture.Header);
        var connection = await fixture.Handler.Opened;
        await wire.ReceiveAsync(">");

        // The pipe's segments are there after the first rounds.
        Exchange(wire, connection, 100);
        var before = GC.GetAllocatedBytesForCurrentThread();
        Exchange(wire, connection, 1000);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 1000);
    }

    static void Exchange(Wire wire, Connection connection, int rounds)
    {
        for (var i = 0; i < rounds; i++)
        {
            lock (connection.Gate)
            {
                connection.Write("<message id='0123456789abcdef'><body>But soft</body></message>"u8);
                connection.Flush();
            }

            Assert.True(wire.ClientSide.Input.TryRead(out var result));
            wire.ClientSide.Input.AdvanceTo(result.Buffer.End);
        }
    }
}
