using System.Globalization;
using Crescent.Client.Json;
using Crescent.Client.Load.Reports;
using Spectre.Console;

namespace Crescent.Client.Load.Sweeps;

/// <summary>A sweep as a table, lines and a page.</summary>
internal static class SweepTable
{
    private static readonly string[] Head = ["load", "tokens/s per user", "tokens/s", "watts", "tokens/s per MW", "ttft p50", "ttft p95", "itl p50", "SLO kept", "errors", ""];

    /// <summary>The table.</summary>
    public static Table Of(Sweep sweep)
    {
        var table = new Table { Border = TableBorder.Simple, UseSafeBorder = true };
        foreach (var name in Head)
        {
            table.AddColumn(new TableColumn(name) { Alignment = Justify.Right });
        }

        foreach (var point in sweep.Points)
        {
            table.AddRow(Row(sweep, point).Select(static cell => new Text(cell)));
        }

        return table;
    }

    /// <summary>What there is one of.</summary>
    public static IEnumerable<string> Lines(Sweep sweep)
    {
        if (sweep.Knee is { } knee)
        {
            yield return $"knee: {Number(knee.Load)} {SweepPicture.Axis(sweep.Axis)}, {Number(knee.UserSpeed)} tokens/s per user, {Number(sweep.Volume(knee))} tokens/s{(sweep.IsPerMegawatt ? " per MW" : "")}";
        }

        if (sweep.Slo is { } slo)
        {
            yield return sweep.SloPoint is { } point
                ? $"the most with {slo} kept by {100 * sweep.Attain:0.#} %: {Number(point.Load)} {SweepPicture.Axis(sweep.Axis)}, {Number(sweep.Volume(point))} tokens/s{(sweep.IsPerMegawatt ? " per MW" : "")}"
                : $"no load keeps {slo} for {100 * sweep.Attain:0.#} % of calls";
        }

        foreach (var tier in sweep.Tiers)
        {
            var words = $"agents with {Number(tier.Speed)} tokens/s (p25) and ttft p95 of at most {Number(tier.FirstSeconds)} s";
            yield return sweep.Most(tier) is { } most
                ? $"{words}: {Number(most.Load)}{(most.Watts is > 0 and var watts ? $", {Number(most.Load / watts * 1e6)} per MW" : "")}{(most == sweep.Points[^1] ? " or more: no larger load was tried" : "")}"
                : $"{words}: none of these loads";
        }

        yield return SweepPicture.Note(sweep);
        if (sweep.Interrupted)
        {
            yield return "interrupted: these are the loads until then.";
        }
    }

    /// <summary>A page that needs no other file.</summary>
    public static string Page(Sweep sweep, byte[] png)
    {
        var page = new Page($"{sweep.Model} at {sweep.Server}: frontier").Command(sweep.Command);
        foreach (var line in Lines(sweep))
        {
            page.Line(line);
        }

        return page.Picture(png, "Speed of a user against volume, a point a load")
            .Heading("Loads").Table(Head, sweep.Points.Select(point => Row(sweep, point)))
            .Data(WireJson.Line.Text<System.Text.Json.Nodes.JsonNode>(SweepDocument.Json(sweep))).ToString();
    }

    private static string[] Row(Sweep sweep, SweepPoint point) =>
    [
        Number(point.Load), Number(point.UserSpeed), Number(point.TokensPerSecond) + (point.Steady ? "" : "*"), point.Watts is { } watts ? Number(watts) : "-", point.PerMegawatt is { } volume ? Number(volume) : "-",
        Seconds(point.FirstP50), Seconds(point.FirstP95), Seconds(point.TokenGap), sweep.Slo is null ? "-" : Share(point.Attained), Share(point.Errors),
        string.Join(", ", ((string[])[point == sweep.Knee ? "knee" : "", point == sweep.SloPoint ? "SLO" : "", point.Degraded ? "degraded" : ""]).Where(static word => word.Length > 0)),
    ];

    private static string Number(double value) => RunComparison.Number(value);

    private static string Share(double share) => double.IsNaN(share) ? "-" : string.Create(CultureInfo.InvariantCulture, $"{100 * share:0.0} %");

    private static string Seconds(double seconds) => double.IsNaN(seconds) ? "-"
        : seconds < 1 ? string.Create(CultureInfo.InvariantCulture, $"{1000 * seconds:0.0} ms")
        : string.Create(CultureInfo.InvariantCulture, $"{seconds:0.00} s");
}
