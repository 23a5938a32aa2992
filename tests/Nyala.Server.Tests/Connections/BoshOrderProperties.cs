using FsCheck;
using FsCheck.Fluent;
using Nyala.Core.Connections.Bosh;
using Xunit;

namespace Nyala.Server.Tests.Connections;

/// <summary>
/// However requests overtake each other, are lost, come twice, or lose their answers: what both sides say arrives once and in order
/// (XEP-0124 §14).
/// </summary>
public sealed class BoshOrderProperties
{
    const int Messages = 12;

    [Fact]
    public void Stanzas_arrive_once_and_in_order_over_a_bad_network() => Prop.ForAll(
        (from hold in Gen.Choose(1, 2) from seed in Gen.Choose(0, int.MaxValue - 1) select (hold, seed)).ToArbitrary(),
        network => RunAsync(network.hold, network.seed).GetAwaiter().GetResult()).Check(Config.QuickThrowOnFailure.WithMaxTest(60));

    static async Task RunAsync(int hold, int seed)
    {
        var handler = new BoshTests.Echo();
        using var fixture = new ConnectionFixture(handler: () => handler);
        var client = new BoshClient(new BoshEndpoint(fixture.Services));
        await client.BeginAsync($"hold='{hold}' wait='60' ver='1.6'");
        await new Network(client, hold + 1, new Random(seed)).RunAsync();
        Assert.Equal(Messages, handler.Events.Count(name => name == "message"));
    }

    /// <summary>A client that follows the rules, behind a network that does not.</summary>
    sealed class Network(BoshClient client, int window, Random chance)
    {
        readonly List<Request> _open = [];
        readonly List<string?> _heard = [];
        int _said;

        public async Task RunAsync()
        {
            using var patience = new CancellationTokenSource(Nyala.Testing.Wire.Patience, TimeProvider.System);
            while (_heard.Count < Messages)
            {
                patience.Token.ThrowIfCancellationRequested();
                if (_open.Count < window && (_said < Messages || _open.Count == 0))
                {
                    _open.Add(new(++client.Rid, _said < Messages ? $"<message id='{_said++}'/>" : ""));
                }

                await MoveAsync(_open[chance.Next(_open.Count)]);
                await HearAsync();
            }

            Assert.Equal(Enumerable.Range(0, Messages).Select(id => id.ToString(System.Globalization.CultureInfo.InvariantCulture)), _heard);
        }

        async Task MoveAsync(Request request)
        {
            switch (chance.Next(10))
            {
                case 0 when request.Tries < 5:
                    // The connection breaks, before or after the answer is on its way; the client tries again later.
                    await request.LoseAsync();
                    break;
                case < 8 when request.Answer is null:
                    request.Send(client);
                    break;
                default:
                    await Task.Yield();
                    break;
            }
        }

        /// <summary>Answers count in the order of their requests.</summary>
        async Task HearAsync()
        {
            while (_open.Count > 0 && _open[0].Answer is { IsCompleted: true } answering)
            {
                var answer = await answering;
                if (answer["type"] == "error")
                {
                    await _open[0].LoseAsync();
                    return;
                }

                Assert.Null(answer["type"]);
                _heard.AddRange(answer.Ids);
                _open.RemoveAt(0);
            }
        }
    }

    sealed class Request(long rid, string content)
    {
        CancellationTokenSource _leaving = new();

        public int Tries { get; private set; }

        public Task<BoshResponse>? Answer { get; private set; }

        public void Send(BoshClient client)
        {
            Tries++;
            _leaving = new();
            Answer = client.SendAsync(rid, content, leaving: _leaving.Token);
        }

        public async Task LoseAsync()
        {
            await _leaving.CancelAsync();
            Answer = null;
        }
    }
}
