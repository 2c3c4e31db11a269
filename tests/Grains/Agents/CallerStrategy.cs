using Crescent.Agents.Steps;
using Crescent.Agents.Strategies;

namespace Crescent.Tests.Grains.Agents;

/// <summary>Calls a tool many times, and nothing else.</summary>
internal sealed class CallerStrategy : IStrategy
{
    public const int Calls = 20;

    private int _left = Calls;

    public StrategyAnswer? Best => null;

    public StrategyMove Begin() => StrategyMove.Start([.. Enumerable.Range(0, Calls).Select(static i => new ToolStep($"call-{i}", new AskedTool($"call-{i}", EffectTool.ToolName, "{}")))]);

    public StrategyMove On(string step, StepResult result) => --_left > 0 ? StrategyMove.Wait : StrategyMove.End(new StrategyAnswer("all", "all"));
}
