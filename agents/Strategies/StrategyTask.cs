using Crescent.Agents.Steps;

namespace Crescent.Agents.Strategies;

/// <summary>What a strategy is to solve.</summary>
/// <param name="Problem">What is asked.</param>
/// <param name="System">How the model is to behave; null for nothing.</param>
/// <param name="Settings">Its settings.</param>
public sealed record StrategyTask(string Problem, string? System, StrategySettings Settings)
{
    /// <summary>A prompt: the task's own system message, what the strategy says of the form, and what it asks.</summary>
    public IReadOnlyList<StepMessage> Ask(string content, string? form = null)
    {
        var system = System is null ? form : form is null ? System : $"{System}\n{form}";
        return system is null ? [StepMessage.User(content)] : [StepMessage.System(system), StepMessage.User(content)];
    }
}
