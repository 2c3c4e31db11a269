using Crescent.Engine.Kv;
using Crescent.Grains.Kv;

namespace Crescent.Tests.Grains.Kv;

/// <summary>Answers all who ask for a dump once the test says so.</summary>
internal sealed class ManualDumps : IKvDumpSource
{
    private readonly TaskCompletionSource<KvDump> _answer = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private string? _answered;

    public void Answer(string device, KvDump dump)
    {
        _answered = device;
        _answer.SetResult(dump);
    }

    public async Task<KvDump> Fetch(string device, CancellationToken cancellationToken)
    {
        var dump = await _answer.Task.WaitAsync(cancellationToken);
        Assert.Equal(_answered, device);
        return dump;
    }
}
