using System.Globalization;
using System.Text.Json.Nodes;
using Crescent.Client.Json;

namespace Crescent.Client.Load.Reports;

/// <summary>A run as a page.</summary>
internal static class LoadPage
{
    private static readonly string[] Statistics = ["mean", "p50", "p90", "p95", "p99", "max"];

    /// <summary>The page.</summary>
    public static string Of(LoadReport report, EarlierRun now, IReadOnlyList<EarlierRun> others)
    {
        var page = new Page($"{report.Model} at {report.Server}: load");
        page.Command(report.Command);
        foreach (var line in LoadTable.Lines(report))
        {
            page.Line(line);
        }

        page.Heading("Metrics").Table(
            ["metric", "clock", "unit", .. Statistics, "n"],
            report.Measures.All.Where(static metric => metric.Values.Count > 0).Select(metric => (IEnumerable<string>)[
                metric.Title, metric.Clock, metric.Unit,
                .. Statistics.Select(statistic => RunComparison.Number(now.Metric(metric.Name, statistic))),
                metric.Values.Count.ToString("#,0", CultureInfo.InvariantCulture)]));
        if (others.Count > 0)
        {
            page.Heading("Against earlier runs").Table(
                ["", "this run", .. others.SelectMany(static other => (string[])[RunComparison.Name(other), "this / it"])],
                RunComparison.Rows(now, others).Select(static row => (IEnumerable<string>)[
                    row.Name, RunComparison.Number(row.Now), .. row.Others.SelectMany(static other => (string[])[RunComparison.Number(other.Value), RunComparison.Number(other.Ratio)])]));
            foreach (var other in others)
            {
                page.Line($"{other.Name}: {(string?)other.Document["command"]}");
            }
        }

        page.Heading("Time over percentile").Picture(LoadPlots.Image(LoadPlots.Spread(report, others)), "Times over the share of calls that took no longer");
        page.Heading("By second").Picture(LoadPlots.Image(LoadPlots.OverTime(report)), "Tokens and times to the first token by second");
        return page.Data(WireJson.Line.Text<JsonNode>(now.Document)).ToString();
    }
}
