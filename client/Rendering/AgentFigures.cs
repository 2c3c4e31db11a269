using Crescent.Client.Connections;
using Crescent.Grains.Contracts.Agents;

namespace Crescent.Client.Rendering;

/// <summary>What a step has taken, in words.</summary>
internal static class AgentFigures
{
    public static string Of(AgentNews step) => Of(step.OutputTokens, step.Seconds, step.Joules);

    public static string Of(AgentStepView step) => Of(step.OutputTokens, step.Seconds, step.Joules);

    /// <param name="tokens">Tokens generated.</param>
    /// <param name="seconds">From its start to its end.</param>
    /// <param name="joules">Energy attributed to it.</param>
    public static string Of(int tokens, double seconds, double joules) => tokens > 0
        ? FormattableString.Invariant($"{tokens} tokens, {Figures.Seconds(seconds)}, {Figures.Joules(joules)}")
        : Figures.Seconds(seconds);
}
