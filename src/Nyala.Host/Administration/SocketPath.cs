using System.Security.Cryptography;
using System.Text;

namespace Nyala.Host.Administration;

/// <summary>Where the administration socket of a data directory is.</summary>
static class SocketPath
{
    // sockaddr_un holds 108 bytes with the terminating zero.
    const int Longest = 107;

    /// <summary>
    /// In the data directory; when that path is too long for a socket, a name made of its hash in a directory of this user's own.
    /// </summary>
    public static string For(string dataDirectory)
    {
        var path = Path.Combine(dataDirectory, "nyala.sock");
        if (Encoding.UTF8.GetByteCount(path) <= Longest)
        {
            return path;
        }

        var runtime = Environment.GetEnvironmentVariable("XDG_RUNTIME_DIR");
        var parent = runtime is { Length: > 0 and < 60 } && Directory.Exists(runtime)
            ? Path.Combine(runtime, "nyala")
            : Path.Combine("/tmp", "nyala-" + Environment.UserName);
        var hash = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(dataDirectory)))[..24];
        return Path.Combine(parent, hash + ".sock");
    }

    /// <summary>Makes the socket's directory private, and refuses one that somebody else prepared.</summary>
    /// <exception cref="IOException">The directory is open to others.</exception>
    public static void Prepare(string socket, string dataDirectory)
    {
        var directory = Path.GetDirectoryName(socket)!;
        if (directory != dataDirectory && !OperatingSystem.IsWindows())
        {
            const UnixFileMode Private = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;
            Directory.CreateDirectory(directory, Private);
            if (File.GetUnixFileMode(directory) != Private)
            {
                throw new IOException($"The directory {directory} must belong to this user alone (mode 0700): change its mode or remove it.");
            }
        }

        // The data directory's lock is ours, so whoever left a socket here is gone.
        File.Delete(socket);
    }
}
