using FsCheck;
using FsCheck.Fluent;
using Microsoft.Extensions.Time.Testing;
using Nyala.Core.Routing;
using Nyala.Features.AdHoc;
using Nyala.Xmpp;
using Nyala.Xmpp.Payloads;
using Nyala.Xmpp.Xml;
using Xunit;

namespace Nyala.Server.Tests.Features.Administration;

/// <summary>Random requests against a small model of what an execution is: a place among three stages, until it ends.</summary>
public sealed class CommandProperties
{
    const int Stages = 3;

    static readonly Config Many = Config.QuickThrowOnFailure.WithMaxTest(500);
    static readonly string[] Actions = ["execute", "next", "prev", "complete", "cancel", "next", "complete"];

    static Arbitrary<int[][]> Lives { get; } = Gen.Choose(1, 80).SelectMany(length => Gen.Choose(0, 1_000).ArrayOf(4).ArrayOf(length)).ToArbitrary();

    [Fact]
    public void Whatever_is_sent_an_execution_is_where_its_owner_left_it() => Prop.ForAll(Lives, life =>
    {
        var world = new World();
        foreach (var step in life)
        {
            // The commands of the model never wait.
            var acting = world.ActAsync(step);
            Assert.True(acting.IsCompletedSuccessfully);
            world.Verify();
        }

        return true;
    }).Check(Many);

    sealed class World
    {
        readonly FakeTimeProvider _time = new();
        readonly CommandExecutions _executions;

        /// <summary>The model: id, stage from 1, last use; the oldest first.</summary>
        readonly List<(string Id, int Stage, DateTimeOffset UsedAt)> _open = [];
        readonly List<string> _known = ["nobodys"];

        public World() => _executions = new(_time);

        public async Task ActAsync(int[] step)
        {
            switch (step[0] % 6)
            {
                case 0:
                    await BeginAsync();
                    break;
                case 1 when step[1] % 5 == 0:
                    _time.Advance(TimeSpan.FromMinutes(step[2] % 20));
                    break;
                default:
                    await ContinueAsync(_known[step[1] % _known.Count], Actions[step[2] % Actions.Length], step[3] % 4 != 0);
                    break;
            }
        }

        public void Verify() => Assert.Equal(_open.Count, _executions.Count);

        async Task BeginAsync()
        {
            var reply = await _executions.BeginAsync("n", () => new(Stage(1)));
            var id = Assert.IsType<Element>(reply.Payload)["sessionid"]!;
            Assert.DoesNotContain(id, _known);
            _known.Add(id);
            if (_open.Count == CommandExecutions.Most)
            {
                _open.RemoveAt(0);
            }

            _open.Add((id, 1, _time.GetUtcNow()));
            Shows(reply, 1);
        }

        async Task ContinueAsync(string id, string action, bool good)
        {
            var reply = await _executions.ContinueAsync("n", id, action, good ? new DataForm("submit").Add("f", "text-single", "x").ToElement() : null);
            var at = _open.FindIndex(one => one.Id == id);
            if (at < 0)
            {
                Assert.Equal("bad-sessionid", reply.Error!.Application!.Name);
                return;
            }

            var (_, stage, usedAt) = _open[at];
            if (_time.GetUtcNow() - usedAt > CommandExecutions.Lifetime)
            {
                Assert.Equal("session-expired", reply.Error!.Application!.Name);
                _open.RemoveAt(at);
                return;
            }

            var forward = stage == Stages ? "complete" : "next";
            if (action == "cancel")
            {
                Assert.Equal("canceled", reply.Payload!["status"]);
                _open.RemoveAt(at);
            }
            else if (action == "prev" && stage > 1)
            {
                _open[at] = (id, stage - 1, _time.GetUtcNow());
                Shows(reply, stage - 1);
            }
            else if (action != "execute" && action != forward)
            {
                Assert.Equal("bad-action", reply.Error!.Application!.Name);
                _open[at] = (id, stage, _time.GetUtcNow());
            }
            else if (!good)
            {
                Assert.Equal("bad-payload", reply.Error!.Application!.Name);
                _open[at] = (id, stage, _time.GetUtcNow());
            }
            else if (stage == Stages)
            {
                Assert.Equal("completed", reply.Payload!["status"]);
                _open.RemoveAt(at);
            }
            else
            {
                _open[at] = (id, stage + 1, _time.GetUtcNow());
                Shows(reply, stage + 1);
            }
        }

        static void Shows(IqReply reply, int stage)
        {
            var command = reply.Payload!;
            Assert.Equal("executing", command["status"]);
            Assert.Equal($"stage {stage}", command.Child("x", Ns.DataForms)!.Child("title")!.Text);
            var actions = command.Child("actions")!;
            var forward = stage == Stages ? "complete" : "next";
            Assert.Equal(forward, actions["execute"]);
            Assert.Equal(stage == 1 ? [forward] : ["prev", forward], actions.Children.Select(child => child.Name));
        }

        static CommandStep Stage(int number) => new CommandForm(
            new DataForm("form") { Title = $"stage {number}" }.Add(new DataFormField("f", "text-single", []) { Required = true }),
            _ => new(number == Stages ? CommandResult.Note("done") : Stage(number + 1))) { HasMore = number < Stages };
    }
}
