using Crescent.Client.Terminals;
using Crescent.Grains.Contracts.Agents;
using Spectre.Console;

namespace Crescent.Client.Rendering;

/// <summary>A task as it stands: its answer, its trace, its bill, and what waits for a person.</summary>
internal static class AgentReport
{
    /// <param name="terminal">Where it goes.</param>
    /// <param name="task">The task.</param>
    /// <param name="way">Options that lead to the same factory, with a space before each.</param>
    public static void Write(Terminal terminal, AgentView task, string way)
    {
        terminal.WriteAnswer(task.Answer is { } answer ? $"{answer}\n\n" : "");
        var output = terminal.Output;
        if (task.Steps.Count > 0)
        {
            output.Write(AgentTree.Trace(task));
            output.Write(AgentBillTable.Of(task));
        }

        output.WriteLine(Summary(task));
        foreach (var call in task.Approvals)
        {
            output.WriteLine(Terminal.Printable($"{call.Step} needs approval: {call.Tool} {call.Arguments}"), new Style(Color.Yellow));
            terminal.WriteAnswer(AgentLine.Approve(task.Id, call.Hash, way) + "\n");
        }
    }

    private static string Summary(AgentView task)
    {
        var parts = new List<string> { task.Id, task.Strategy, task.State.Replace('_', ' ') };
        if (task.Cause is { } cause)
        {
            parts.Add(AgentLine.OneLine(cause));
        }

        if (task.Confidence is { } confidence)
        {
            parts.Add(FormattableString.Invariant($"confidence {confidence:0.000}"));
        }

        if (task.Ended is { } ended)
        {
            parts.Add($"{Figures.Seconds((ended - task.Submitted).TotalSeconds)} from its submission");
        }

        return string.Join(" · ", parts);
    }
}
