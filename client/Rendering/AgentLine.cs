using Crescent.Client.Agents;
using Crescent.Client.Connections;

namespace Crescent.Client.Rendering;

/// <summary>What a task tells, a line each, for output that is no terminal.</summary>
internal static class AgentLine
{
    private const int MaxText = 100;

    /// <summary>The line; null for what makes none, such as single tokens.</summary>
    /// <param name="news">What was heard.</param>
    /// <param name="progress">How the task stands with it.</param>
    /// <param name="way">Options that lead to the same factory, with a space before each.</param>
    public static string? Of(AgentNews news, AgentProgress progress, string way)
    {
        var step = progress.Steps.FirstOrDefault(step => step.Id == news.Step);
        return news.Kind switch
        {
            "planned" => $"plan: {OneLine(news.Text)}",
            "vote" => $"vote: {OneLine(news.Text)}",
            "power" => $"power: {OneLine(news.Text)}",
            "budget" => $"budget: {OneLine(news.Text)}",
            "step_started" => $"{step?.Label} begins",
            "tool_call" => $"{step?.Label} is called with {OneLine(news.Text)}",
            "waiting" => $"{step?.Label} {step?.State}",
            "approval" => $"{step?.Label} needs approval: {OneLine(news.Text)}\n{Approve(progress.Task, news.Hash, way)}",
            "step_finished" => $"{step?.Label} {news.Outcome}: {AgentFigures.Of(news)} · {End(news.Text ?? "", MaxText)}",
            _ => null,
        };
    }

    /// <summary>How a call is approved, or rejected.</summary>
    public static string Approve(string task, string? hash, string way) =>
        $"  run it: agents approve {task} {hash}{way}\n  refuse: agents reject {task} {hash} --reason TEXT{way}";

    /// <summary>Text on one line, its beginning where it is long.</summary>
    public static string OneLine(string? text)
    {
        var line = Flat(text ?? "");
        return line.Length > 2 * MaxText ? string.Concat(line.AsSpan(0, (2 * MaxText) - 1), "…") : line;
    }

    /// <summary>The end of a text on one line.</summary>
    public static string End(string text, int most)
    {
        var line = Flat(text.Length > 4 * most ? text[^(4 * most)..] : text);
        return line.Length > most ? string.Concat("…", line.AsSpan(line.Length - most + 1)) : line;
    }

    private static string Flat(string text) =>
        string.Join(' ', text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries).Select(static word => string.Concat(word.Where(static c => !char.IsControl(c)))));
}
