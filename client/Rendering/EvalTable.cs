using System.Globalization;
using Crescent.Client.Evaluation;
using Spectre.Console;

namespace Crescent.Client.Rendering;

/// <summary>What each setting of an evaluation came to; all but the first columns are means of a problem.</summary>
internal static class EvalTable
{
    public static Table Of(IEnumerable<EvalSummary> settings)
    {
        var table = new Table { Border = TableBorder.Simple, UseSafeBorder = true };
        table.AddColumn(new TableColumn("Strategy") { NoWrap = true });
        foreach (var name in (string[])["Conf.", "Samples", "Solved", "Accuracy", "95 % interval", "Drawn", "Tokens", "Cached", "Seconds", "J", "J/solved"])
        {
            table.AddColumn(new TableColumn(name) { NoWrap = true, Alignment = Justify.Right });
        }

        foreach (var setting in settings)
        {
            string[] cells =
            [
                setting.Setting.Strategy,
                Number(setting.Setting.Confidence, "0.###"),
                Number(setting.Setting.Samples, "0"),
                $"{setting.Solved}/{setting.Problems}",
                Percent(setting.Accuracy),
                $"{Percent(setting.AccuracyLow)} to {Percent(setting.AccuracyHigh)}",
                setting.Setting.Samples is null ? "-" : Number(setting.Samples, "0.00"),
                Number(setting.Tokens, "#,0"),
                Number(setting.CachedTokens, "#,0"),
                Number(setting.Seconds, "0.00"),
                Number(setting.Joules, "0.000"),
                Number(setting.JoulesPerSolved, "0.000"),
            ];
            table.AddRow(cells.Select(static cell => new Text(cell)));
        }

        return table;
    }

    private static string Percent(double share) => (100 * share).ToString("0.0", CultureInfo.InvariantCulture) + " %";

    private static string Number(IFormattable? value, string format) => value?.ToString(format, CultureInfo.InvariantCulture) ?? "-";
}
