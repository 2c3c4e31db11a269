namespace Crescent.Silo.Hosting;

/// <summary>Knows when a silo that stops has given up what it had to do and begins to leave the cluster: it tells the store then, which may be away.</summary>
internal sealed class SiloLeaving : ILifecycleParticipant<ISiloLifecycle>
{
    private readonly TaskCompletionSource _begun = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Ends when it begins.</summary>
    public Task Begun => _begun.Task;

    public void Participate(ISiloLifecycle lifecycle) => lifecycle.Subscribe(
        nameof(SiloLeaving),
        ServiceLifecycleStage.BecomeActive,
        static _ => Task.CompletedTask,
        _ =>
        {
            _begun.TrySetResult();
            return Task.CompletedTask;
        });
}
