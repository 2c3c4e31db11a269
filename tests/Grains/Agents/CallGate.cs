namespace Crescent.Tests.Grains.Agents;

/// <summary>Where calls wait until a test lets them go on.</summary>
internal sealed class CallGate
{
    private readonly TaskCompletionSource _reached = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _open = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Ends when a call waits here.</summary>
    public Task Reached => _reached.Task.WaitAsync(TimeSpan.FromSeconds(60));

    public Task Wait(CancellationToken cancellationToken)
    {
        _reached.TrySetResult();
        return _open.Task.WaitAsync(cancellationToken);
    }

    /// <summary>Lets all go on, those to come too.</summary>
    public void Open() => _open.TrySetResult();
}
