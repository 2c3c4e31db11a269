using System.Globalization;
using Crescent.Grains.Contracts.Agents;
using Spectre.Console;

namespace Crescent.Client.Rendering;

/// <summary>Tasks, a row each.</summary>
internal static class AgentListTable
{
    private const int MaxAnswer = 24;
    private const int MaxProblem = 60;

    public static Table Of(IReadOnlyList<AgentListing> tasks)
    {
        var table = new Table { Border = TableBorder.Simple, UseSafeBorder = true };
        foreach (var name in (string[])["Task", "State", "Strategy", "Submitted (UTC)"])
        {
            table.AddColumn(new TableColumn(name) { NoWrap = true });
        }

        foreach (var name in (string[])["Took", "Tokens", "Joules"])
        {
            table.AddColumn(new TableColumn(name) { NoWrap = true, Alignment = Justify.Right });
        }

        table.AddColumn("Answer").AddColumn("Problem");
        foreach (var task in tasks)
        {
            string[] cells =
            [
                task.Id,
                task.State.Replace('_', ' '),
                task.Strategy,
                task.Submitted.UtcDateTime.ToString("MM-dd HH:mm:ss", CultureInfo.InvariantCulture),
                task.Ended is { } ended ? Figures.Seconds((ended - task.Submitted).TotalSeconds) : "-",
                task.Ended is null ? "-" : task.Tokens.ToString("#,0", CultureInfo.InvariantCulture),
                task.Ended is null ? "-" : Figures.Joules(task.Joules),
                Begin(task.Answer ?? "-", MaxAnswer),
                Begin(task.Problem, MaxProblem),
            ];
            table.AddRow(cells.Select(static cell => new Text(cell)));
        }

        return table;
    }

    private static string Begin(string text, int most)
    {
        var line = AgentLine.OneLine(text);
        return line.Length > most ? string.Concat(line.AsSpan(0, most - 1), "…") : line;
    }
}
