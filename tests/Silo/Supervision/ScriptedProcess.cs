using Crescent.Silo.Supervision;

namespace Crescent.Tests.Silo.Supervision;

/// <summary>A silo's process that serves at once, or never, until a test ends it.</summary>
internal sealed class ScriptedProcess(int id, bool serves = true) : ISiloProcess
{
    private readonly TaskCompletionSource<int> _exited = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public int Id => id;

    public string LogFile => "/log";

    public Task<StartReport> Ready { get; } = serves ? Task.FromResult(new StartReport(SiloStage.Ready)) : new TaskCompletionSource<StartReport>().Task;

    public Task<int> Exited => _exited.Task;

    public void End(int code) => _exited.SetResult(code);

    public Task<bool> Stop(TimeSpan patience, CancellationToken hurry) => Task.FromResult(_exited.TrySetResult(0));

    public void Kill() => _exited.TrySetResult(137);

    public void Dispose()
    {
    }
}
