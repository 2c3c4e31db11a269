using System.Collections.Concurrent;

namespace Crescent.Control.Placement;

/// <summary>The prompts of each model, safe to read by many threads. Once there are too many models all are forgotten, and learned anew.</summary>
public sealed class PromptFlows
{
    private const int Most = 256;

    private readonly ConcurrentDictionary<string, PromptFlow> _flows = new(StringComparer.Ordinal);

    /// <summary>Those of <paramref name="model"/>; null where devices do not tell what they serve.</summary>
    public PromptFlow Of(string? model)
    {
        if (_flows.TryGetValue(model ?? "", out var flow))
        {
            return flow;
        }

        if (_flows.Count >= Most)
        {
            _flows.Clear();
        }

        return _flows.GetOrAdd(model ?? "", static _ => new PromptFlow());
    }

    /// <summary>What a prompt of <paramref name="model"/> takes in the mean, s at full clock; 0 while too few are known.</summary>
    public double CallSeconds(string? model) => _flows.TryGetValue(model ?? "", out var flow) ? flow.CallSeconds : 0;
}
