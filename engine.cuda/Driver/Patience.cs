using System.Diagnostics;

namespace Crescent.Engine.Cuda.Driver;

/// <summary>
/// Waiting for GPUs by asking them again and again: so an error of any of them is seen at once, also while another waits for what the lost one owes it, and none is waited
/// for without end. They are asked without a pause for as long as most steps take, then each millisecond.
/// </summary>
internal static class Patience
{
    private static readonly TimeSpan Eager = TimeSpan.FromMilliseconds(50);

    /// <summary>Returns when none is late any more.</summary>
    /// <param name="waited">What is waited for.</param>
    /// <param name="late">Asks all of it: a GPU that is not done, or null.</param>
    /// <exception cref="CudaDeviceException">A GPU has failed, or is late beyond its <see cref="GpuContext.Limit"/>.</exception>
    public static void Until<T>(T waited, Func<T, GpuContext?> late)
    {
        var start = Stopwatch.GetTimestamp();
        var spin = new SpinWait();
        while (late(waited) is { } gpu)
        {
            var time = Stopwatch.GetElapsedTime(start);
            if (time > gpu.Limit)
            {
                throw gpu.TooLate();
            }

            if (time < Eager)
            {
                spin.SpinOnce(sleep1Threshold: -1);
            }
            else
            {
                Thread.Sleep(1);
            }
        }
    }
}
