using System.Globalization;
using Crescent.Grains.Contracts.Agents;
using Spectre.Console;

namespace Crescent.Client.Rendering;

/// <summary>What a task has taken, step by step, and in all.</summary>
internal static class AgentBillTable
{
    private const int MostSteps = 256;

    public static Table Of(AgentView task)
    {
        var table = new Table { Border = TableBorder.Simple, UseSafeBorder = true };
        table.AddColumn(new TableColumn("Step") { NoWrap = true });
        table.AddColumn(new TableColumn("State") { NoWrap = true });
        foreach (var name in (string[])["Prompt", "Cached", "Output", "Seconds", "Joules"])
        {
            table.AddColumn(new TableColumn(name) { NoWrap = true, Alignment = Justify.Right });
        }

        table.AddColumn(new TableColumn("Device") { NoWrap = true });
        foreach (var step in task.Steps.Take(MostSteps))
        {
            Row(table, Style.Plain, step.Label, step.State, step.PromptTokens, step.CachedTokens, step.OutputTokens, step.Seconds, step.Joules, step.Device);
        }

        var bill = task.Bill;
        Row(
            table,
            new Style(decoration: Decoration.Bold),
            task.Steps.Count > MostSteps ? $"all {task.Steps.Count}" : "all",
            bill.ToolCalls > 0 ? $"{Count(bill.Calls, "call")}, {Count(bill.ToolCalls, "tool call")}" : Count(bill.Calls, "call"),
            bill.PromptTokens,
            bill.CachedTokens,
            bill.OutputTokens,
            bill.StepSeconds,
            bill.Joules,
            "");
        // An earlier silo does not tell.
        if (bill.Lost is { Attempts: > 0 } lost)
        {
            Row(table, new Style(Color.Yellow), "lost", Count(lost.Attempts, "attempt"), lost.PromptTokens, null, lost.OutputTokens, null, lost.Joules, "");
        }

        return table;
    }

    private static void Row(
        Table table, Style style, string name, string state, long prompt, long? cached, long output, double? seconds, double joules, string device)
    {
        string[] cells = [name, state, Number(prompt), cached is { } c ? Number(c) : "", Number(output), seconds?.ToString("0.00", CultureInfo.InvariantCulture) ?? "", joules.ToString("0.000", CultureInfo.InvariantCulture), device];
        table.AddRow(cells.Select(cell => new Text(cell, style)));
    }

    private static string Number(long tokens) => tokens.ToString("#,0", CultureInfo.InvariantCulture);

    private static string Count(int count, string noun) => count == 1 ? $"1 {noun}" : string.Create(CultureInfo.InvariantCulture, $"{count} {noun}s");
}
