using System.Globalization;

namespace Nyala.Storage.Tests;

/// <summary>
/// Every combination of what a page can be asked for, on a small archive, compared with filtering a list (XEP-0313 §4, XEP-0059).
/// </summary>
public abstract class ArchivePagingContract(StoreFixture fixture) : StoreContract(fixture)
{
    const long Me = 1;
    const string Romeo = "romeo@nyala.example";

    readonly List<Entry> _mine = [];

    [Fact]
    public async Task R6_every_page_is_what_filtering_a_list_gives()
    {
        await FillAsync();
        long?[] bounds = [null, _mine[0].Position, _mine[2].Position, _mine[5].Position, _mine[^1].Position];
        var checkedPages = 0;
        foreach (var filter in Filters())
        {
            foreach (var (after, before) in from a in bounds from b in bounds select (a, b))
            {
                foreach (var (fromEnd, max) in from f in (bool[])[false, true] from m in (int[])[0, 1, 3, 50] select (f, m))
                {
                    var query = filter with { After = after, Before = before, FromEnd = fromEnd, Max = max, WithCount = true };
                    var page = await Store.Archive.ReadAsync(query, Cancellation);
                    Assert.True(Describe(Expected(query)) == Describe(page), $"{query}\nexpected {Describe(Expected(query))}\nactual   {Describe(page)}");
                    checkedPages++;
                }
            }
        }

        Assert.Equal(Filters().Count() * 200, checkedPages);
    }

    IEnumerable<ArchiveQuery> Filters()
    {
        var all = new ArchiveQuery(Me);
        var early = DateTimeOffset.FromUnixTimeMilliseconds(_mine[1].At);
        var late = DateTimeOffset.FromUnixTimeMilliseconds(_mine[6].At);
        return from with in (string?[])[null, Romeo, Romeo + "/phone"]
               from times in ((DateTimeOffset?, DateTimeOffset?)[])[(null, null), (early, null), (null, late), (early, late), (late, early)]
               from named in (ArchiveQuery[])
               [
                   all,
                   all with { AfterId = _mine[1].Position },
                   all with { BeforeId = _mine[6].Position },
                   all with { AfterId = _mine[0].Position, BeforeId = _mine[4].Position },
                   all with { Only = [_mine[6].Position, _mine[1].Position, _mine[3].Position] },
               ]
               select named with { With = with, Start = times.Item1, End = times.Item2 };
    }

    async Task FillAsync()
    {
        (long From, long To, string Peer)[] messages =
        [
            (Me, 2, Romeo), (2, Me, Romeo + "/phone"), (2, 3, ""), (0, Me, "mercutio@other.example/x"), (Me, Me, "me@nyala.example"),
            (Me, 2, Romeo + "/phone"), (2, Me, Romeo + "/tablet"), (3, 2, ""), (Me, 0, "mercutio@other.example"), (2, Me, Romeo + "/phone"),
        ];
        foreach (var (from, to, peer) in messages)
        {
            var entry = Entry.Message(from, to);
            entry.From = from == Me ? "me@nyala.example/pc" : peer;
            entry.To = to == Me ? "me@nyala.example" : peer;
            Store.Log.Append(entry);
            await entry.Completed;
            if (from == Me || to == Me)
            {
                _mine.Add(entry);
            }

            // Some rows share a millisecond.
            Time.Advance(TimeSpan.FromMilliseconds(_mine.Count % 2));
        }
    }

    ArchivePage Expected(ArchiveQuery query)
    {
        var filtered = _mine
            .Where(e => query.With is null || Peer(e) == query.With || (!query.With.Contains('/') && Peer(e).StartsWith(query.With + "/", StringComparison.Ordinal)))
            .Where(e => query.Start is null || e.At >= query.Start.Value.ToUnixTimeMilliseconds())
            .Where(e => query.End is null || e.At <= query.End.Value.ToUnixTimeMilliseconds())
            .Where(e => query.AfterId is null || e.Position > query.AfterId)
            .Where(e => query.BeforeId is null || e.Position < query.BeforeId)
            .Where(e => query.Only is null || query.Only.Contains(e.Position))
            .ToList();
        var range = filtered
            .Where(e => query.After is null || e.Position > query.After)
            .Where(e => query.Before is null || e.Position < query.Before)
            .ToList();
        var page = query.FromEnd ? range.TakeLast(query.Max).ToList() : range.Take(query.Max).ToList();
        return new ArchivePage(
            [.. page.Select(e => new ArchiveRow(e.Position, e.At, e.Stanza, e.Sender == Me && e.Recipient != Me, e.Flags))],
            page.Count == range.Count,
            filtered.Count,
            page.Count == 0 ? null : filtered.IndexOf(page[0]));
    }

    static string Peer(Entry entry) => entry.Recipient == Me ? entry.From : entry.To;

    static string Describe(ArchivePage page) => string.Create(
        CultureInfo.InvariantCulture,
        $"[{string.Join(' ', page.Rows.Select(r => $"{r.Position}@{r.At}{(r.Outgoing ? ">" : "<")}"))}] complete={page.Complete} count={page.Count} first={page.FirstIndex} unknown={page.UnknownPosition}");
}
