using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Nyala.Storage.Sqlite;

/// <summary>Makes files durable in ways that .NET has no call for.</summary>
static class FileSync
{
    const int Interrupted = 4;

    // As the program itself would call it, so that what is preloaded (the drill of the power cut) sees it as it sees all others.
    static readonly unsafe delegate* unmanaged<int, int> DataSync = OperatingSystem.IsLinux() ? Find("fdatasync") : null;
    static readonly unsafe delegate* unmanaged<int, int> FullSync = Find("fsync");

    /// <summary>
    /// Makes what was written into existing space durable (fdatasync), without the file's times: half the work of a full sync.
    /// </summary>
    /// <exception cref="IOException">The disk refused.</exception>
    public static unsafe void Data(SafeFileHandle file)
    {
        if (DataSync is null)
        {
            RandomAccess.FlushToDisk(file);
            return;
        }

        while (DataSync((int)file.DangerousGetHandle()) != 0)
        {
            if (Marshal.GetLastSystemError() is not Interrupted and var error)
            {
                throw new IOException($"fdatasync failed with error {error}.");
            }
        }
    }

    /// <summary>Makes the name of a file survive a power cut. Best effort: not every system syncs directories.</summary>
    public static unsafe void Directory(string file)
    {
        if (FullSync is null)
        {
            return;
        }

        var descriptor = Native.Open(Path.GetDirectoryName(Path.GetFullPath(file))!, 0);
        if (descriptor >= 0)
        {
            _ = FullSync(descriptor);
            _ = Native.Close(descriptor);
        }
    }

    static unsafe delegate* unmanaged<int, int> Find(string name) =>
        !OperatingSystem.IsWindows() && NativeLibrary.TryGetExport(NativeLibrary.GetMainProgramHandle(), name, out var address)
            ? (delegate* unmanaged<int, int>)address
            : null;

    static class Native
    {
        [DllImport("libc", EntryPoint = "open", CharSet = CharSet.Ansi, BestFitMapping = false, ThrowOnUnmappableChar = true)]
        [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
        public static extern int Open([MarshalAs(UnmanagedType.LPUTF8Str)] string path, int flags);

        [DllImport("libc", EntryPoint = "close")]
        [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
        public static extern int Close(int descriptor);
    }
}
