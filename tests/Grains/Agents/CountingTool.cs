using System.Collections.Concurrent;
using Crescent.Grains.Agents;

namespace Crescent.Tests.Grains.Agents;

/// <summary>A calculator that counts what is asked of it by key, and that a test can hold in the midst of a call.</summary>
internal sealed class CountingTool : IAgentTool
{
    private volatile TaskCompletionSource? _held;

    public ConcurrentDictionary<string, int> Calls { get; } = [];

    public bool IsIdempotent { get; set; } = true;

    public bool NeedsApproval { get; set; }

    public string Result { get; set; } = "24";

    public string Name => "calculator";

    public string Description => "Computes.";

    public string Parameters => """{"type":"object","properties":{"expression":{"type":"string"}},"required":["expression"]}""";

    public async Task<string> Call(string arguments, string key, CancellationToken cancellationToken)
    {
        Calls.AddOrUpdate(key, 1, static (_, n) => n + 1);
        if (_held is { } held)
        {
            await held.Task.WaitAsync(cancellationToken);
        }

        return Result;
    }

    public void Hold() => _held = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);

    public void Free()
    {
        _held?.TrySetResult();
        _held = null;
    }
}
