using System.Buffers;
using Nyala.Storage.Sqlite;

namespace Nyala.Storage;

/// <summary>
/// The bytes of files in a directory: <c>ab/abcdef…</c> for what is whole, <c>incoming/abcdef…</c> for what is still coming.
/// Only one process uses a directory.
/// </summary>
public sealed class DirectoryContents : IFileContents
{
    /// <summary>How much is read before it is written.</summary>
    public const int Block = 65_536;

    const UnixFileMode Private = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    readonly string _directory;
    readonly string _incoming;

    DirectoryContents(string directory)
    {
        _directory = directory;
        _incoming = Path.Combine(directory, "incoming");
    }

    /// <inheritdoc/>
    public long? FreeBytes => new DriveInfo(_directory).AvailableFreeSpace;

    /// <summary>Makes the directory when it is not there, and removes what was still coming when the process before ended.</summary>
    /// <exception cref="StoreException">It cannot be used.</exception>
    public static DirectoryContents Open(string directory)
    {
        var contents = new DirectoryContents(directory);
        try
        {
            Create(directory);
            FileSync.Directory(directory);
            Create(contents._incoming);
            FileSync.Directory(contents._incoming);
            foreach (var left in Directory.EnumerateFiles(contents._incoming))
            {
                File.Delete(left);
            }

            return contents;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new StoreException(
                $"The directory of files '{directory}' cannot be used ({e.Message.TrimEnd('.')}): give the user that runs nyala the right to write there, or set Files:Directory to another.",
                LogFailure.Error, e);
        }
    }

    /// <inheritdoc/>
    public async Task<bool> SaveAsync(string key, long size, FileReader read, CancellationToken cancellation)
    {
        var incoming = Path.Combine(_incoming, Checked(key));
        var buffer = ArrayPool<byte>.Shared.Rent(Block);
        try
        {
            await using (var file = await StoringAsync(() => Task.Run(() => CreateFile(incoming, size), CancellationToken.None)))
            {
                for (var left = size; ;)
                {
                    // One more than there should be shows whether there is.
                    var part = buffer.AsMemory(0, (int)Math.Min(Block, left + 1));
                    var count = await read(part, cancellation);
                    if (count > left || (count < part.Length && count < left))
                    {
                        return false;
                    }

                    await StoringAsync(() => WriteAsync(file, part[..count]));
                    left -= count;
                    if (left == 0 && count < part.Length)
                    {
                        break;
                    }
                }

                await StoringAsync(() => Task.Run(() => Sync(file), CancellationToken.None));
            }

            return await StoringAsync(() => Task.Run(() => Publish(incoming, PathOf(key)), CancellationToken.None));
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
            await Task.Run(() => Forget(incoming), CancellationToken.None);
        }
    }

    /// <inheritdoc/>
    public async ValueTask<Stream?> OpenAsync(string key, long from, CancellationToken cancellation) => await Task.Run(
        () =>
        {
            try
            {
                return new FileStream(PathOf(key), new FileStreamOptions
                {
                    BufferSize = 0, Options = FileOptions.Asynchronous, Share = FileShare.ReadWrite | FileShare.Delete,
                })
                { Position = from };
            }
            catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
            {
                return null;
            }
        },
        cancellation);

    /// <inheritdoc/>
    public async ValueTask RemoveAsync(string key) => await Task.Run(() => Forget(PathOf(key)));

    /// <inheritdoc/>
    public async ValueTask<IReadOnlyDictionary<string, DateTimeOffset>> ListAsync(string prefix) => await Task.Run(() =>
    {
        var directory = new DirectoryInfo(Path.Combine(_directory, prefix));
        return directory.Exists
            ? directory.EnumerateFiles().Where(file => FileKey.IsOne(file.Name))
                .ToDictionary(file => file.Name, file => new DateTimeOffset(file.LastWriteTimeUtc), StringComparer.Ordinal)
            : [];
    });

    static void Create(string directory)
    {
        if (OperatingSystem.IsWindows())
        {
            Directory.CreateDirectory(directory);
        }
        else
        {
            Directory.CreateDirectory(directory, Private);
        }
    }

    static FileStream CreateFile(string path, long size)
    {
        var options = new FileStreamOptions
        {
            Mode = FileMode.CreateNew, Access = FileAccess.Write, BufferSize = 0, Options = FileOptions.Asynchronous,

            // A disk that has no room says so before anything is read.
            PreallocationSize = size,
        };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        return new FileStream(path, options);
    }

    static async Task<bool> WriteAsync(FileStream file, ReadOnlyMemory<byte> bytes)
    {
        await file.WriteAsync(bytes, CancellationToken.None);
        return true;
    }

    static bool Sync(FileStream file)
    {
        file.Flush(flushToDisk: true);
        return true;
    }

    /// <summary>Gives a file whose bytes are durable its name; both directories too, so that the name survives a power cut.</summary>
    static bool Publish(string incoming, string path)
    {
        var directory = Path.GetDirectoryName(path)!;
        Create(directory);
        File.Move(incoming, path, overwrite: true);
        FileSync.Directory(path);
        FileSync.Directory(directory);
        return true;
    }

    static void Forget(string path)
    {
        try
        {
            File.Delete(path);
        }
        catch (DirectoryNotFoundException)
        {
            // Nothing was ever stored there.
        }
    }

    static async Task<T> StoringAsync<T>(Func<Task<T>> work)
    {
        try
        {
            return await work();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new StoreException($"A file cannot be stored: {e.Message} Check the space and the health of the disk.", LogFailure.Full, e);
        }
    }

    static string Checked(string key) => FileKey.IsOne(key) ? key : throw new ArgumentException("This is no key of a file.", nameof(key));

    string PathOf(string key) => Path.Combine(_directory, Checked(key)[..2], key);
}
