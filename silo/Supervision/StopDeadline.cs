using Crescent.Silo.Hosting;

namespace Crescent.Silo.Supervision;

/// <summary>
/// Ends the process of a silo that has been told to stop and does not come to an end: when it has drained and has not left the cluster within <see cref="SiloHost.StopMargin"/>, as when the
/// store is away that it would tell, or when all of it takes longer than it may. Nothing is in flight then that somebody could still be given.
/// </summary>
internal sealed class StopDeadline : IDisposable
{
    private static readonly TimeSpan Margin = TimeSpan.FromSeconds(3);

    private readonly SiloHost _silo;
    private readonly ManualResetEventSlim _ended = new();
    private readonly CancellationTokenRegistration _stopping;

    public StopDeadline(SiloHost silo)
    {
        _silo = silo;
        _stopping = silo.Services.GetRequiredService<IHostApplicationLifetime>().ApplicationStopping.Register(Begin);
    }

    /// <summary>It has ended by itself.</summary>
    public void Dispose()
    {
        _stopping.Dispose();
        _ended.Set();
    }

    // Threads of the pool may all be busy with what does not end.
    private void Begin() => new Thread(Watch) { Name = "stop deadline", IsBackground = true }.Start();

    private void Watch()
    {
        var leaving = _silo.Services.GetRequiredService<SiloLeaving>().Begun;
        var all = _silo.StopTimeout + Margin;
        var hasDrained = WaitHandle.WaitAny([_ended.WaitHandle, ((IAsyncResult)leaving).AsyncWaitHandle], all);
        if (hasDrained == 0 || (hasDrained == 1 && _ended.Wait(SiloHost.StopMargin)))
        {
            return;
        }

        Console.Error.WriteLine(hasDrained == 1
            ? $"{_silo.Identity.Name} has not left the cluster within {SiloHost.StopMargin.TotalSeconds:0} s of its drain, and ends all the same; the others find it dead."
            : $"{_silo.Identity.Name} has not stopped within {all.TotalSeconds:0} s, and ends all the same.");
        Environment.Exit(SupervisedLifetime.StuckExitCode);
    }
}
