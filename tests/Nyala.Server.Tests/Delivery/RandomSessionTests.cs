using Nyala.Core;
using Nyala.Storage;
using Xunit;

namespace Nyala.Server.Tests.Delivery;

/// <summary>
/// Whatever happens in whatever order (connections cut and resumed, sessions that expire, a log that stalls, fails, and a
/// process that dies): each message that was counted arrives, in order, and once for a client that drops ids it has seen.
/// </summary>
public sealed class RandomSessionTests
{
    const int Runs = 25;
    const int Steps = 150;

    [Fact]
    public Task R1_R2_R3_R5_R8_No_interleaving_loses_repeats_or_reorders_a_counted_message() =>
        PlayAsync(stage => [new Pager(stage, "balcony")]);

    [Fact]
    public Task R1_R4_R8_R9_Two_devices_that_read_the_archive_both_see_everything_in_order() =>
        PlayAsync(stage => [new Device(stage, "phone"), new Device(stage, "laptop")]);

    static async Task PlayAsync(Func<Stage, Receiver[]> cast)
    {
        for (var seed = 0; seed < Runs; seed++)
        {
            await using var stage = await Stage.OpenAsync(new Limits { UnacknowledgedStanzas = 8, ResumptionTime = TimeSpan.FromMinutes(2) });
            await stage.AccountAsync("juliet");
            await new Play(stage, cast(stage), new Random(seed), $"seed {seed}").RunAsync();
        }
    }

    sealed class Play(Stage stage, Receiver[] juliet, Random random, string name)
    {
        readonly Sender _romeo = new(stage);
        bool _stalled;

        public async Task RunAsync()
        {
            await _romeo.EnterAsync();
            foreach (var device in juliet)
            {
                await device.EnterAsync();
            }

            for (var i = 0; i < Steps; i++)
            {
                await StepAsync(random.Next(22));
                _romeo.Read();
                foreach (var device in juliet)
                {
                    device.Read();
                    AssertOrder(device);
                }
            }

            await EndAsync();
        }

        Receiver Somebody() => juliet[random.Next(juliet.Length)];

        async Task StepAsync(int what)
        {
            switch (what)
            {
                case < 8:
                    await _romeo.SendAsync();
                    break;
                case < 11:
                    await Somebody().AcknowledgeAsync();
                    break;
                case 11:
                    await _romeo.AskAsync();
                    break;
                case 12:
                    await ToggleAsync(_romeo);
                    break;
                case 13 or 14:
                    await ToggleAsync(Somebody());
                    break;
                case 15:
                    _stalled = true;
                    stage.Log.Stall();
                    break;
                case 16 when _stalled:
                    stage.Log.Release(random.Next(1, 4));
                    break;
                case 17:
                    Release();
                    break;
                case 18:
                    stage.Log.Failing = stage.Log.Failing is null && random.Next(3) == 0 ? LogFailure.Full : null;
                    break;
                case 19 when random.Next(4) == 0:
                    await DisturbAsync();
                    break;
                case 20:
                    await _romeo.SendTransientAsync();
                    break;
                case 21:
                    await Somebody().ChangePresenceAsync();
                    break;
            }
        }

        async Task DisturbAsync()
        {
            if (random.Next(2) == 0)
            {
                // Held entries are gone with the process, as if it had been killed before their commit.
                await stage.RestartAsync(orderly: false);
                _stalled = false;
                await _romeo.ReturnAsync();
                foreach (var device in juliet)
                {
                    await device.ReturnAsync();
                }

                return;
            }

            for (var i = 0; i < 12; i++)
            {
                stage.Time.Advance(TimeSpan.FromSeconds(30));
            }
        }

        async Task ToggleAsync(Actor actor)
        {
            Release();
            await (actor.IsConnected ? actor.CutAsync() : actor.ReturnAsync());
        }

        void Release()
        {
            _stalled = false;
            stage.Log.Release();
        }

        async Task EndAsync()
        {
            stage.Log.Failing = null;
            Release();
            foreach (var device in juliet)
            {
                await device.EnsureAsync();
            }

            await _romeo.EnsureAsync();
            await _romeo.SettleAsync();
            foreach (var device in juliet)
            {
                await EndAsync(device);
                AssertOrder(device);
            }
        }

        async Task EndAsync(Receiver device)
        {
            var due = _romeo.Counted.Where(number => !IsRefused(number)).ToHashSet();
            while (true)
            {
                await device.AcknowledgeAsync();
                due.ExceptWith(device.Seen);
                if (due.Count == 0)
                {
                    break;
                }

                await device.ReadNextAsync($"{name}: {string.Join(',', due.Order())} never came");
            }
        }

        void AssertOrder(Receiver device)
        {
            // What was refused once may be sent again, and then comes when it comes.
            var seen = device.Seen.Where(number => !IsRefused(number)).ToList();
            Assert.True(seen.SequenceEqual(seen.Distinct().Order()), $"{name}: {device.Resource} saw {string.Join(',', seen)}");
            var late = device.Overtaken.Where(number => !IsRefused(number)).ToArray();
            Assert.True(late.Length == 0, $"{name}: {device.Resource} saw {string.Join(',', late)} after what was sent behind it");
        }

        bool IsRefused(int number) => stage.Refused.Contains(Sender.Body(number));
    }
}
