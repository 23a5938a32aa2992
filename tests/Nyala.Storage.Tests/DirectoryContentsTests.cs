using System.Text;

namespace Nyala.Storage.Tests;

public sealed class DirectoryContentsTests : IDisposable
{
    readonly string _directory = Path.Combine(Path.GetTempPath(), "nyala-contents-" + Guid.NewGuid().ToString("N"));

    string Incoming => Path.Combine(_directory, "incoming");

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Theory]
    [InlineData(1)]
    [InlineData(65_535)]
    [InlineData(65_536)]
    [InlineData(65_537)]
    [InlineData(200_000)]
    public async Task What_is_saved_is_read_from_any_position(int size)
    {
        var contents = DirectoryContents.Open(_directory);
        var (key, bytes) = (FileKey.Create(), Bytes(size));
        Assert.True(await contents.SaveAsync(key, size, Reading(bytes), default));
        Assert.Empty(Directory.EnumerateFiles(Incoming));
        foreach (var from in (int[])[0, size / 2, size - 1, size])
        {
            await using var stream = await contents.OpenAsync(key, from, default);
            using var copy = new MemoryStream();
            await stream!.CopyToAsync(copy);
            Assert.Equal(bytes[from..], copy.ToArray());
        }
    }

    [Theory]
    [InlineData(0, 1)]
    [InlineData(99, 100)]
    [InlineData(101, 100)]
    [InlineData(65_536, 65_537)]
    [InlineData(65_537, 65_536)]
    [InlineData(400_000, 65_536)]
    public async Task Fewer_or_more_bytes_than_were_said_leave_nothing(int sent, int said)
    {
        var contents = DirectoryContents.Open(_directory);
        var key = FileKey.Create();
        Assert.False(await contents.SaveAsync(key, said, Reading(Bytes(sent)), default));
        Assert.Null(await contents.OpenAsync(key, 0, default));
        Assert.Empty(Directory.EnumerateFiles(Incoming));
    }

    [Fact]
    public async Task A_body_that_breaks_off_leaves_nothing()
    {
        var contents = DirectoryContents.Open(_directory);
        var key = FileKey.Create();
        var first = true;
        await Assert.ThrowsAsync<InvalidOperationException>(() => contents.SaveAsync(key, 100_000, (buffer, _) =>
        {
            var count = first ? buffer.Length : throw new InvalidOperationException("cut");
            first = false;
            return new(count);
        }, default));
        Assert.Null(await contents.OpenAsync(key, 0, default));
        Assert.Empty(Directory.EnumerateFiles(Incoming));
    }

    [Fact]
    public async Task What_a_process_left_half_is_removed_by_the_next_one_and_the_rest_stays()
    {
        var contents = DirectoryContents.Open(_directory);
        var key = FileKey.Create();
        await contents.SaveAsync(key, 3, Reading([1, 2, 3]), default);
        await File.WriteAllTextAsync(Path.Combine(Incoming, FileKey.Create()), "half");
        contents = DirectoryContents.Open(_directory);
        Assert.Empty(Directory.EnumerateFiles(Incoming));
        await using var stream = await contents.OpenAsync(key, 0, default);
        Assert.NotNull(stream);
    }

    [Fact]
    public async Task Files_are_listed_and_removed_and_foreign_ones_are_not_touched()
    {
        var contents = DirectoryContents.Open(_directory);
        var key = FileKey.Create();
        Assert.Empty(await contents.ListAsync(key[..2]));
        await contents.SaveAsync(key, 3, Reading([1, 2, 3]), default);
        await File.WriteAllTextAsync(Path.Combine(_directory, key[..2], "note.txt"), "mine");
        Assert.Equal([key], (await contents.ListAsync(key[..2])).Keys);
        await contents.RemoveAsync(key);
        await contents.RemoveAsync(key);
        Assert.Empty(await contents.ListAsync(key[..2]));
        Assert.True(File.Exists(Path.Combine(_directory, key[..2], "note.txt")));
    }

    [Theory]
    [InlineData("../../../etc/passwd")]
    [InlineData("..")]
    [InlineData("")]
    [InlineData("ABCDEF0123456789ABCDEF0123456789ABCDEF01")]
    [InlineData("abcdef0123456789abcdef0123456789abcdef0/")]
    public async Task Nothing_but_a_key_becomes_part_of_a_path(string key)
    {
        var contents = DirectoryContents.Open(_directory);
        Assert.False(FileKey.IsOne(key));
        await Assert.ThrowsAsync<ArgumentException>(async () => await contents.OpenAsync(key, 0, default));
        await Assert.ThrowsAsync<ArgumentException>(async () => await contents.RemoveAsync(key));
        await Assert.ThrowsAsync<ArgumentException>(() => contents.SaveAsync(key, 1, Reading([1]), default));
    }

    [Fact]
    public void A_directory_that_cannot_be_used_is_told_with_the_remedy()
    {
        Directory.CreateDirectory(_directory);
        var file = Path.Combine(_directory, "occupied");
        File.WriteAllText(file, "");
        var problem = Assert.Throws<StoreException>(() => DirectoryContents.Open(file));
        Assert.Contains("Files:Directory", problem.Message, StringComparison.Ordinal);
    }

    static byte[] Bytes(int size) => Encoding.ASCII.GetBytes(string.Concat(Enumerable.Range(0, (size / 6) + 1).Select(i => $"{i:d6}")))[..size];

    static FileReader Reading(byte[] bytes)
    {
        var at = 0;
        return (buffer, _) =>
        {
            var count = Math.Min(buffer.Length, bytes.Length - at);
            bytes.AsMemory(at, count).CopyTo(buffer);
            at += count;
            return new(count);
        };
    }
}
