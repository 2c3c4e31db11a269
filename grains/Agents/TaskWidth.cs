using System.Globalization;
using Crescent.Agents.Tasks;

namespace Crescent.Grains.Agents;

/// <summary>How wide a task may fan out, by what power costs now.</summary>
/// <param name="machine">The task's machine.</param>
/// <param name="spec">What it is to do.</param>
/// <param name="runner">Knows the price.</param>
internal sealed class TaskWidth(AgentMachine machine, TaskSpec spec, StepRunner runner)
{
    private readonly FanOut _fanOut = new();

    /// <summary>What to write down where it may be wider or narrower from now on; null where it stays as it is.</summary>
    public TaskEntry? Look()
    {
        var price = runner.PriceFor(spec);
        var width = _fanOut.Width(spec.Budget.Parallelism, price);
        var why = runner.Defers ? "The governor defers the batch class." : string.Create(CultureInfo.InvariantCulture, $"The price of power is {price:0.0} points.");
        return width == machine.Width ? null : new TaskEntry { Kind = EntryKind.Width, Width = width, Reason = why };
    }
}
