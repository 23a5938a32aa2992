namespace Nyala.Storage.Tests;

public sealed class ArchiveIdsTests
{
    static readonly byte[] OldKey = [.. Enumerable.Range(0, 16).Select(i => (byte)i)];
    static readonly byte[] NewKey = [.. Enumerable.Range(50, 16).Select(i => (byte)i)];

    readonly ArchiveIds _ids = new([new(1, 1, OldKey), new(2, 1000, NewKey)]);

    [Theory]
    [InlineData(1, 1)]
    [InlineData(7, 999)]
    [InlineData(7, 1000)]
    [InlineData((1L << 47) - 1, long.MaxValue)]
    public void R6_an_id_leads_back_to_its_position(long account, long position)
    {
        var id = _ids.Encode(account, position);
        Span<byte> ascii = stackalloc byte[ArchiveIds.Length];
        _ids.Encode(account, position, ascii);

        Assert.Matches("^[A-Za-z0-9_-]{22}$", id);
        Assert.Equal(id, System.Text.Encoding.ASCII.GetString(ascii));
        Assert.True(_ids.TryDecode(account, id, out var found));
        Assert.Equal(position, found);
        Assert.False(_ids.TryDecode(account + 1, id, out _));
    }

    [Theory]
    [InlineData("")]
    [InlineData("0123456789")]
    [InlineData("AAAAAAAAAAAAAAAAAAAAAA")]
    [InlineData("AAAAAAAAAAAAAAAAAAAAAAA")]
    [InlineData("AAAAAAAAAAAAAAAAAAAAA ")]
    [InlineData("AAAAAAAAAAAAAAAAAAAAA=")]
    [InlineData("ÄAAAAAAAAAAAAAAAAAAAAA")]
    [InlineData("        AAAAAAAAAAAAAA")]
    public void R6_what_was_not_made_here_is_not_taken(string id) => Assert.False(_ids.TryDecode(1, id, out _));

    [Fact]
    public void R6_one_row_has_one_spelling()
    {
        var id = _ids.Encode(1, 5);
        var others = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".Where(c => c != id[^1]).Select(c => id[..^1] + c);

        Assert.All(others, o => Assert.False(_ids.TryDecode(1, o, out _)));
    }

    [Fact]
    public void R6_an_id_made_with_a_key_for_positions_that_were_lost_is_not_taken()
    {
        // Before the restore the old key was used beyond position 1000.
        using var before = new ArchiveIds([new(1, 1, OldKey)]);

        Assert.False(_ids.TryDecode(1, before.Encode(1, 2000), out _));
        Assert.True(_ids.TryDecode(1, before.Encode(1, 500), out _));
        Assert.NotEqual(before.Encode(1, 2000), _ids.Encode(1, 2000));
    }

    [Fact]
    public void Ids_can_be_made_on_many_threads_at_once() => Parallel.For(1, 20_000, i =>
    {
        Assert.True(_ids.TryDecode(i, _ids.Encode(i, i), out var position));
        Assert.Equal(i, position);
    });

    [Fact]
    public void Encoding_allocates_nothing()
    {
        Span<byte> ascii = stackalloc byte[ArchiveIds.Length];
        _ids.Encode(1, 1, ascii);
        _ids.Encode(1, 1000, ascii);
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 1; i < 1001; i++)
        {
            _ids.Encode(1, i, ascii);
        }

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }
}
