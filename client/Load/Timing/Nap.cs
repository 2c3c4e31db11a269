using System.Diagnostics;
using System.Runtime.InteropServices;

namespace Crescent.Client.Load.Timing;

/// <summary>Sleeps shorter than a millisecond, which <see cref="Thread.Sleep(int)"/> does not know.</summary>
internal static class Nap
{
    private static readonly bool HasNanosleep = OperatingSystem.IsLinux() && Environment.Is64BitProcess;

    /// <summary>Sleeps for about <paramref name="ticks"/> of <see cref="Stopwatch"/>; Linux adds some 50 us.</summary>
    public static void Sleep(long ticks)
    {
        if (!HasNanosleep)
        {
            Thread.Sleep(ticks * 1000 / Stopwatch.Frequency > 1 ? 1 : 0);
            return;
        }

        var time = new TimeSpec { Nanoseconds = Math.Min(999_999_999, Math.Max(1, (long)(ticks * (1e9 / Stopwatch.Frequency)))) };
        _ = Nanosleep(ref time, 0);
    }

    [DllImport("libc", EntryPoint = "nanosleep")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Nanosleep(ref TimeSpec time, nint left);

    [StructLayout(LayoutKind.Sequential)]
    private struct TimeSpec
    {
        public long Seconds;
        public long Nanoseconds;
    }
}
