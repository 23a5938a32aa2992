namespace Nyala.Storage;

/// <summary>The right to use a data directory: held by one process at a time, released by the system when that process ends.</summary>
public sealed class DataDirectoryLock : IDisposable
{
    const string FileName = "nyala.lock";

    readonly FileStream _file;

    DataDirectoryLock(FileStream file) => _file = file;

    /// <summary>Makes the directory (mode 0700) if needed and takes its lock.</summary>
    /// <exception cref="StoreException">Another process uses the directory, or it cannot be written.</exception>
    public static DataDirectoryLock Acquire(string dataDirectory)
    {
        try
        {
            CreatePrivateDirectory(dataDirectory);
            return new DataDirectoryLock(Open(dataDirectory));
        }
        catch (IOException e) when (IsHeld(dataDirectory))
        {
            throw new StoreException(
                $"Another nyala process uses the data directory '{dataDirectory}': stop it, or use its commands while it runs.", LogFailure.Error, e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new StoreException(
                $"The data directory '{dataDirectory}' cannot be used ({e.Message.TrimEnd('.')}): run nyala as the user it belongs to, give this user the right to write there, or choose another directory.",
                LogFailure.Error, e);
        }
    }

    /// <summary>Whether some process, this one included, holds the directory's lock now.</summary>
    public static bool IsHeld(string dataDirectory)
    {
        if (!File.Exists(Path.Combine(dataDirectory, FileName)))
        {
            return false;
        }

        try
        {
            using var probe = Open(dataDirectory);
            return false;
        }
        catch (IOException)
        {
            return true;
        }
        catch (UnauthorizedAccessException)
        {
            return false;
        }
    }

    // The lock file stays behind: removing it would let two processes lock two different files of the same name.
    public void Dispose() => _file.Dispose();

    static FileStream Open(string dataDirectory)
    {
        var options = new FileStreamOptions { Mode = FileMode.OpenOrCreate, Access = FileAccess.ReadWrite, Share = FileShare.None };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        return new FileStream(Path.Combine(dataDirectory, FileName), options);
    }

    static void CreatePrivateDirectory(string path)
    {
        if (OperatingSystem.IsWindows())
        {
            Directory.CreateDirectory(path);
        }
        else if (!Directory.Exists(path))
        {
            Directory.CreateDirectory(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }
    }
}
