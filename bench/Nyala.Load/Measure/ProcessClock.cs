using System.Runtime.InteropServices;

namespace Nyala.Load.Measure;

/// <summary>
/// Processor time of a whole process, threads that have ended included, to the nanosecond: clock_gettime(2) with the clock of
/// clock_getcpuclockid(3). /proc/PID/stat tells the same in steps of 10 ms, too coarse for a thousand logins.
/// </summary>
static class ProcessClock
{
    /// <summary>Seconds in user and system mode; 0 when the process is gone.</summary>
    public static double Seconds(int pid) =>
        GetTime(unchecked((~pid << 3) | Scheduled), out var time) == 0 ? time.Seconds + (time.Nanoseconds * 1e-9) : 0;

    // CPUCLOCK_SCHED of the kernel: how a process's number and what is counted make a clock's number.
    const int Scheduled = 2;

    [DllImport("libc", EntryPoint = "clock_gettime")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    static extern int GetTime(int clock, out TimeSpec time);

    [StructLayout(LayoutKind.Sequential)]
    struct TimeSpec
    {
        public long Seconds;
        public long Nanoseconds;
    }
}
