using System.Globalization;
using Crescent.Grains.Contracts.Factory;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace Crescent.Client.Rendering;

/// <summary>Placement decisions, each a table: a row a candidate, the best score first, the chosen one marked.</summary>
internal static class DecisionTable
{
    private const string Chosen = "►";

    public static IRenderable Of(DecisionAnswer answer)
    {
        var parts = new List<IRenderable>();
        foreach (var decision in answer.Decisions)
        {
            parts.Add(new Text(Title(decision)));
            parts.Add(Table(decision));
            parts.AddRange(decision.Terms.Select(static (term, i) => new Text($"T{i + 1}: {term}")));
            parts.Add(Text.Empty);
        }

        if (answer.Silent.Count > 0)
        {
            parts.Add(new Text($"Did not answer: {string.Join(", ", answer.Silent)}", new Style(Color.Yellow)));
        }

        return new Rows(parts);
    }

    private static string Title(PlacementDecisionReport decision)
    {
        var outcome = decision.Chosen is null ? "no device could take it"
            : decision.Taken is null ? $"{decision.Chosen}, which did not take it"
            : decision.Taken == decision.Chosen ? decision.Chosen
            : $"{decision.Chosen}, taken by its neighbour {decision.Taken}";
        var preferred = decision.Preferred is null ? "" : $" · had to go to {decision.Preferred} if it could";
        return string.Create(
            CultureInfo.InvariantCulture,
            $"{decision.RequestId} · attempt {decision.Attempt}{(decision.Cause is null ? "" : $", since {decision.Cause}")} · {decision.At:yyyy-MM-dd HH:mm:ss.fff}Z · {decision.Policy} at {decision.Silo} · prompt {decision.PromptTokens}, "
            + $"at most {decision.MaxTokens}, expected {decision.ExpectedTokens:0} tokens{preferred} → {outcome}");
    }

    private static Table Table(PlacementDecisionReport decision)
    {
        var foresees = decision.Candidates.Any(static c => c.TtftSeconds is not null);
        var table = new Table { Border = TableBorder.Simple, UseSafeBorder = true };
        foreach (var name in (string[])["", "Device", "Gate"])
        {
            table.AddColumn(new TableColumn(name) { NoWrap = true });
        }

        string[] terms = [.. decision.Terms.Select(static (_, i) => $"T{i + 1}")];
        string[] raw = foresees ? ["TTFT ms", "ITL ms", "+J", "+W"] : [];
        foreach (var name in (string[])["Score", .. terms, "Cached", .. raw])
        {
            table.AddColumn(new TableColumn(name) { NoWrap = true, Alignment = Justify.Right });
        }

        foreach (var candidate in decision.Candidates.OrderBy(static c => c.Score))
        {
            var figures = new List<string> { Number(candidate.Score) };
            figures.AddRange(candidate.Terms.Select(static t => Number(t)));
            figures.Add(candidate.CachedTokens.ToString(CultureInfo.InvariantCulture));
            if (foresees)
            {
                figures.AddRange([Number(candidate.TtftSeconds * 1000), Number(candidate.ItlSeconds * 1000), Number(candidate.Joules), Number(candidate.Watts)]);
            }

            var chosen = candidate.Device == decision.Chosen;
            var style = chosen ? new Style(decoration: Decoration.Bold) : Style.Plain;
            table.AddRow([new Text(chosen ? Chosen : "", style), new Text(candidate.Device, style), new Text(candidate.Gate, style), .. figures.Select(f => new Text(f, style))]);
        }

        if (decision.Omitted > 0)
        {
            table.Caption = new TableTitle($"and {decision.Omitted} devices more");
        }

        return table;
    }

    private static string Number(double? value) => value is { } number ? number.ToString("0.###", CultureInfo.InvariantCulture) : "-";
}
