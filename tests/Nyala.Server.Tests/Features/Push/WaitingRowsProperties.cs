using FsCheck;
using FsCheck.Fluent;
using Nyala.Core.Routing;
using Nyala.Features.Push;
using Xunit;

namespace Nyala.Server.Tests.Features.Push;

/// <summary>Random lives of a device's rows beside a model that remembers everything.</summary>
public sealed class WaitingRowsProperties
{
    static readonly TimeSpan Spacing = TimeSpan.FromSeconds(10);
    static readonly TimeSpan Life = TimeSpan.FromMinutes(5);

    static Arbitrary<int[]> Lives { get; } = Gen.Choose(0, 999).ArrayOf().Where(dice => dice.Length <= WaitingRows.Most).ToArbitrary();

    [Fact]
    public void Every_row_is_acknowledged_told_or_too_late_and_none_is_told_twice() => Prop.ForAll(Lives, dice =>
    {
        var (perChat, now) = (dice.Length % 2 == 0, TimeSpan.Zero);
        var rows = new WaitingRows(0, Spacing, perChat);
        var settled = new HashSet<long>();
        var told = new List<long>();
        var all = new List<WaitingRow>();
        var lastTold = new Dictionary<string, TimeSpan>();
        foreach (var die in dice)
        {
            now += TimeSpan.FromSeconds(die % 7);
            switch (die % 4)
            {
                case 0 or 1:
                    var row = new WaitingRow(all.Count + 1, "chat " + (die / 10 % 3), die % 50 == 0 ? PushKind.Call : PushKind.Message, "x", now + TimeSpan.FromSeconds(die % 3), now + Life);
                    all.Add(row);
                    rows.Add(row);
                    rows.Add(row);
                    break;
                case 2 when all.Count > 0:
                    var acknowledged = (die / 4 % all.Count) + 1;
                    rows.Acknowledge(acknowledged);
                    settled.Add(acknowledged);
                    break;
                default:
                    while (rows.Take(now) is { } due)
                    {
                        Assert.All(due.Rows, one => Assert.True(!perChat || one.Chat == due.Chat));
                        Assert.Contains(due.Rows, one => one.Due <= now && (one.Kind == PushKind.Call || !lastTold.TryGetValue(one.Chat, out var at) || at + Spacing <= now));
                        Assert.True(due.Unseen >= due.Rows.Count);
                        told.AddRange(due.Rows.Select(one => one.Position));
                        due.Rows.ToList().ForEach(one => lastTold[one.Chat] = now);
                        rows.Told(due, now);
                    }

                    settled.UnionWith(told);
                    settled.UnionWith(all.Where(one => one.Expires <= now).Select(one => one.Position));
                    break;
            }

            var first = all.Find(one => !settled.Contains(one.Position));
            Assert.Equal(first is null ? all.Count : first.Position - 1, rows.Mark);
            Assert.Equal(first is null, rows.Next() is null);
        }

        return told.Count == told.Distinct().Count();
    }).Check(Config.QuickThrowOnFailure.WithMaxTest(2_000));

    [Fact]
    public void An_acknowledgement_that_is_quicker_than_the_message_counts()
    {
        var rows = new WaitingRows(5, Spacing, perChat: true);
        rows.Acknowledge(7);
        rows.Add(new(6, "a", PushKind.Message, "x", default, Life));
        rows.Add(new(7, "a", PushKind.Message, "x", default, Life));
        Assert.Equal([6L], rows.Take(default)!.Rows.Select(row => row.Position));
        rows.Add(new(5, "a", PushKind.Message, "x", default, Life));
        Assert.Equal(5, rows.Mark);
    }

    [Fact]
    public void No_more_rows_are_kept_than_the_bound()
    {
        var rows = new WaitingRows(0, Spacing, perChat: true);
        for (var position = 1; position <= 1_000; position++)
        {
            rows.Add(new(position, "a", PushKind.Message, "x", default, Life));
        }

        Assert.Equal(WaitingRows.Most, rows.Take(default)!.Unseen);
    }
}
