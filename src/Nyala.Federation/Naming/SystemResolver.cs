using System.Runtime.InteropServices;

namespace Nyala.Federation.Naming;

/// <summary>What a look-up came to.</summary>
enum LookUpResult
{
    Found,

    /// <summary>There is no such name, or nothing of that kind under it.</summary>
    None,

    /// <summary>Nobody knows at the moment.</summary>
    Failed,
}

/// <summary>
/// SRV records through the C library's resolver, which knows resolv.conf, servers, timeouts and TCP as every program on the
/// machine does. It blocks a thread while it waits. Safe from any thread.
/// </summary>
static class SystemResolver
{
    const int Internet = 1;
    const int Srv = 33;
    const int HostNotFound = 1;
    const int NoData = 4;
    const int LargestAnswer = 16_384;

    // RFC 1035 §2.3.4: names without bounds would block threads without bounds.
    static readonly SemaphoreSlim Places = new(32);

    static readonly Query? Function = FindFunction();

    delegate int Query([MarshalAs(UnmanagedType.LPUTF8Str)] string name, int kind, int type, [Out] byte[] answer, int length);

    /// <summary>The records under a name in ASCII.</summary>
    public static async Task<(LookUpResult Result, List<ServiceRecord> Records)> ServicesAsync(string name, CancellationToken cancellation)
    {
        await Places.WaitAsync(cancellation);
        try
        {
            return await Task.Run(() => Services(name), cancellation);
        }
        finally
        {
            Places.Release();
        }
    }

    static (LookUpResult Result, List<ServiceRecord> Records) Services(string name)
    {
        if (Function is not { } query)
        {
            return (LookUpResult.None, []);
        }

        var answer = new byte[LargestAnswer];
        var length = query(name, Internet, Srv, answer, answer.Length);
        if (length < 0)
        {
            return (Marshal.ReadInt32(ErrorLocation()) is HostNotFound or NoData ? LookUpResult.None : LookUpResult.Failed, []);
        }

        if (!ServiceRecords.TryRead(answer.AsSpan(0, Math.Min(length, answer.Length)), out var records))
        {
            return (LookUpResult.Failed, []);
        }

        return (records.Count == 0 ? LookUpResult.None : LookUpResult.Found, records);
    }

    static Query? FindFunction()
    {
        // In glibc 2.34 and musl it is in libc itself; before, in a library of its own under an inner name.
        foreach (var (library, symbol) in ((string, string)[])[("libc.so.6", "res_query"), ("libresolv.so.2", "__res_query"), ("libc", "res_query")])
        {
            if (NativeLibrary.TryLoad(library, out var handle) && NativeLibrary.TryGetExport(handle, symbol, out var address))
            {
                return Marshal.GetDelegateForFunctionPointer<Query>(address);
            }
        }

        return null;
    }

    [DllImport("libc", EntryPoint = "__h_errno_location")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    static extern nint ErrorLocation();
}
