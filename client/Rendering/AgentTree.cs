using Crescent.Client.Agents;
using Crescent.Client.Terminals;
using Crescent.Grains.Contracts.Agents;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace Crescent.Client.Rendering;

/// <summary>A task's steps as a tree: as it runs a line a step, with the end of its text; afterwards with all of it.</summary>
internal static class AgentTree
{
    private const int MostTracedSteps = 256;

    // What a line has before the text: the branch, the label, the figures.
    private const int BeforeText = 50;
    private const int LeastText = 20;

    /// <summary>The task under way.</summary>
    /// <param name="progress">How it stands.</param>
    /// <param name="title">Its strategy and id.</param>
    /// <param name="width">Columns of the terminal.</param>
    /// <param name="way">Options that lead to the same factory, with a space before each.</param>
    public static IRenderable Live(AgentProgress progress, string title, int width, string way)
    {
        var tree = new Tree(new Text(title, new Style(decoration: Decoration.Bold))) { Guide = TreeGuide.Line };
        if (progress.Plan is { } plan)
        {
            tree.AddNode(Lines($"plan\n{plan}", Style.Plain));
        }

        foreach (var step in progress.Steps)
        {
            var figures = step.Seconds > 0 ? AgentFigures.Of(step.OutputTokens, step.Seconds, step.Joules) : step.Pieces > 0 ? $"{step.Pieces} pieces" : "";
            var text = AgentLine.End(step.Text, Math.Max(LeastText, width - BeforeText));
            string[] parts = [step.Label, step.State, figures, text];
            var node = tree.AddNode(new Text(string.Join(" · ", parts.Where(static part => part.Length > 0)), StyleOf(step.State)) { Overflow = Overflow.Ellipsis });
            if (step.Hash is { } hash)
            {
                node.AddNode(Lines(AgentLine.Approve(progress.Task, hash, way), new Style(Color.Yellow)));
            }
        }

        if (progress.Vote is { } vote)
        {
            tree.AddNode(new Text($"vote · {AgentLine.OneLine(vote)}"));
        }

        if (progress.Power is { } power)
        {
            tree.AddNode(new Text($"power · {AgentLine.OneLine(power)}", new Style(Color.Yellow)));
        }

        if (progress.Budget is { } budget)
        {
            tree.AddNode(new Text($"budget · {AgentLine.OneLine(budget)}", new Style(Color.Yellow)));
        }

        return tree;
    }

    /// <summary>What each step has come to, in whole.</summary>
    public static IRenderable Trace(AgentView task)
    {
        var tree = new Tree(new Text("trace", new Style(decoration: Decoration.Bold))) { Guide = TreeGuide.Line };
        foreach (var step in task.Steps.Take(MostTracedSteps))
        {
            var node = tree.AddNode(new Text($"{step.Label} · {step.State} · {AgentFigures.Of(step)}", StyleOf(step.State)));
            if (step.Text.Length > 0)
            {
                node.AddNode(Lines(step.Text, Style.Plain));
            }
        }

        if (task.Steps.Count > MostTracedSteps)
        {
            tree.AddNode(new Text($"and {task.Steps.Count - MostTracedSteps} steps more; --json has all"));
        }

        return tree;
    }

    private static Text Lines(string text, Style style) => new(Terminal.Printable(text).Trim('\n'), style);

    private static Style StyleOf(string state) => state switch
    {
        "done" => Style.Plain,
        AgentStep.Running => new Style(decoration: Decoration.Bold),
        "failed" or "denied" => new Style(Color.Red),
        "cut" => new Style(decoration: Decoration.Dim),
        _ => new Style(Color.Yellow),
    };
}
