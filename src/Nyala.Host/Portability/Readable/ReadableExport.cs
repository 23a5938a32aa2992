using System.IO.Compression;
using Nyala.Core;
using Nyala.Storage;

namespace Nyala.Host.Portability.Readable;

/// <summary>
/// All that is kept of an account in one ZIP: pages that people read in any browser, the files, and the file for programs
/// (<see cref="UserExport"/>, without keys). Written to whoever reads, piece by piece, whatever its size.
/// </summary>
sealed class ReadableExport(IStore store, ServerOptions options, ExportTexts texts, TimeProvider time)
{
    public const string RawFile = "account.xml";

    /// <summary>Files that are listed, and bytes of them that are in a copy; what is beyond is named as left out.</summary>
    const int MostFiles = 20_000;
    const long MostBytes = 16L << 30;

    /// <exception cref="IOException">The file exists, or cannot be written.</exception>
    public async Task WriteAsync(Account account, string file)
    {
        // What was said is its owner's alone.
        var owners = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, Options = FileOptions.Asynchronous };
        if (!OperatingSystem.IsWindows())
        {
            owners.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        await using var output = new FileStream(file, owners);
        await WriteAsync(account, output, CancellationToken.None);
        output.Flush(flushToDisk: true);
    }

    /// <summary>Writes to whoever reads; the output need not be able to seek.</summary>
    public async Task WriteAsync(Account account, Stream output, CancellationToken cancellation)
    {
        var now = time.GetUtcNow();
        var own = await OwnThings.LoadAsync(store, account, options);
        var files = Place(await store.Files.ListAsync(account.Id, now, MostFiles));
        var chats = new ChatPages(store, account, texts, new(texts, files.ToDictionary(file => file.Stored.Key, StringComparer.Ordinal)));
        await using var unblocked = new UnblockedOutput(output);
        await using (var archive = await ZipArchive.CreateAsync(unblocked, ZipArchiveMode.Create, leaveOpen: true, entryNameEncoding: null, cancellation))
        {
            await FillAsync(archive, account, own, files, chats, now, cancellation);
        }

        await unblocked.FlushAsync(cancellation);
    }

    async Task FillAsync(
        ZipArchive archive, Account account, OwnThings own, List<ExportFile> files, ChatPages chats, DateTimeOffset now, CancellationToken cancellation)
    {
        var (found, hasMore) = await chats.FindAsync(cancellation);
        await using (var index = await OpenAsync("index.html"))
        {
            await new IndexPage(texts, own).WriteAsync(index, $"{account.Username}@{options.Domain}", now, found, hasMore, files);
        }

        foreach (var chat in found)
        {
            await chats.WriteAsync(chat, own.NameOf(chat.With), OpenAsync, cancellation);
        }

        await using (var raw = await OpenAsync(RawFile))
        {
            await new UserExport(store, options.Domain).WriteAsync(account, raw, withKeys: false);
        }

        foreach (var file in files)
        {
            if (file.Path is { } path && await store.FileContents.OpenAsync(file.Stored.Key, 0, cancellation) is { } contents)
            {
                await using var from = contents;
                await using var entry = await OpenAsync(path, CompressionLevel.NoCompression);
                await from.CopyToAsync(entry, cancellation);
            }
        }

        Task<Stream> OpenAsync(string name, CompressionLevel level = CompressionLevel.Fastest)
        {
            var entry = archive.CreateEntry(name, level);
            entry.LastWriteTime = now;
            return entry.OpenAsync(cancellation);
        }
    }

    /// <summary>Where each file is in the copy: the newest first, as long as there is room.</summary>
    static List<ExportFile> Place(IReadOnlyList<StoredFile> stored)
    {
        List<ExportFile> files = [];
        var bytes = 0L;
        foreach (var file in stored.Reverse())
        {
            var fits = bytes + file.Size <= MostBytes;
            bytes += fits ? file.Size : 0;
            files.Add(new(file, fits ? ExportFile.PathOf(files.Count + 1, file.Name) : null));
        }

        return files;
    }
}
