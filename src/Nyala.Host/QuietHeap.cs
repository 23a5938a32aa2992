using System.Runtime.InteropServices;

namespace Nyala.Host;

/// <summary>
/// Gives memory back after a storm: what thousands of logins leave behind is garbage that nothing collects once nobody
/// allocates any more, and looks like ten kilobytes per connection. The heap is compacted once when allocation has stopped;
/// never under traffic, which it would stop for some milliseconds.
/// </summary>
/// <param name="allocated">Bytes allocated since the process began.</param>
/// <param name="compact">Collects and compacts everything.</param>
sealed class QuietHeap(Func<long> allocated, Action compact)
{
    /// <summary>How often it looks.</summary>
    public static readonly TimeSpan Period = TimeSpan.FromSeconds(2);

    /// <summary>So few bytes in a period are silence.</summary>
    const long Silence = 256 * 1024;

    /// <summary>So many since the last time are worth it.</summary>
    const long Worth = 8 * 1024 * 1024;

    long _last;
    long _compacted;

    /// <summary>The heap of this process, looked at until the timer is disposed of.</summary>
    public static ITimer Watch(TimeProvider time)
    {
        var heap = new QuietHeap(() => GC.GetTotalAllocatedBytes(), Compact);
        return time.CreateTimer(_ => heap.Look(), null, Period, Period);
    }

    public void Look()
    {
        var now = allocated();
        var isQuiet = now - _last < Silence;
        _last = now;
        if (isQuiet && now - _compacted >= Worth)
        {
            _compacted = now;
            compact();
        }
    }

    static void Compact()
    {
        GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
        TrimNative();
    }

    /// <summary>What native code freed in the middle of its heaps (SQLite, OpenSSL, the compiler) goes back to the system as well.</summary>
    static void TrimNative()
    {
        try
        {
            _ = malloc_trim(0);
        }
        catch (Exception e) when (e is DllNotFoundException or EntryPointNotFoundException)
        {
            // Another C library than glibc; it does so by itself or not at all.
        }
    }

    [DllImport("libc.so.6"), DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    static extern int malloc_trim(nuint pad);
}
