using System.Collections.Concurrent;
using Crescent.Grains.Agents;

namespace Crescent.Tests.Grains.Agents;

/// <summary>A tool whose effect must not be had twice: it counts how often it is, by key, and takes its time after it.</summary>
internal sealed class EffectTool : IAgentTool
{
    public const string ToolName = "effect";

    private readonly ConcurrentDictionary<string, int> _made = [];

    public string Name => ToolName;

    public string Description => "Does something.";

    public string Parameters => "{}";

    public bool IsIdempotent => false;

    /// <summary>Times that it was called under a key.</summary>
    public int Made(string key) => _made.GetValueOrDefault(key);

    public async Task<string> Call(string arguments, string key, CancellationToken cancellationToken)
    {
        _made.AddOrUpdate(key, 1, static (_, n) => n + 1);
        await Task.Delay(20, cancellationToken);
        return "done";
    }
}
