using System.Globalization;
using Crescent.Client.Load.Measures;
using Spectre.Console;

namespace Crescent.Client.Load.Reports;

/// <summary>A report for people: a table of metrics, and lines of what there is one of.</summary>
internal static class LoadTable
{
    /// <summary>The table.</summary>
    public static Table Of(LoadReport report)
    {
        var table = new Table { Border = TableBorder.Simple, UseSafeBorder = true };
        table.AddColumn(new TableColumn("Metric") { NoWrap = true });
        table.AddColumn(new TableColumn("from start") { NoWrap = true });
        foreach (var name in (string[])["mean", "p50", "p90", "p95", "p99", "max", "n"])
        {
            table.AddColumn(new TableColumn(name) { NoWrap = true, Alignment = Justify.Right });
        }

        foreach (var metric in report.Measures.All.Where(static metric => metric.Values.Count > 0))
        {
            var values = metric.Values;
            string[] cells =
            [
                metric.Title,
                metric.Clock,
                .. ((double[])[values.Mean, values.Percentile(50), values.Percentile(90), values.Percentile(95), values.Percentile(99), values.Most]).Select(value => Value(metric, value)),
                values.Count.ToString("#,0", CultureInfo.InvariantCulture),
            ];
            table.AddRow(cells.Select(static cell => new Text(cell)));
        }

        return table;
    }

    /// <summary>The lines.</summary>
    public static IEnumerable<string> Lines(LoadReport report)
    {
        var measures = report.Measures;
        var figures = report.Figures;
        yield return Text(
            $"{measures.Count(CallEnd.Whole):#,0} whole answers in {measures.Seconds:0.0} s: {figures["requests_per_s"]:0.##} requests/s, {figures["tokens_per_s"]:#,0.#} output tokens/s")
            + (report.Slo is { } slo ? Text($", goodput {figures["goodput"]:0.##} requests/s ({100.0 * measures.Good / Math.Max(1, measures.Tried):0.0} % keep {slo}, from the intended start)") : "");
        foreach (var fault in measures.Faults)
        {
            yield return Text($"{fault.Count:#,0} {RunDocument.Name(fault.End)}{(fault.Status is > 0 and not 200 ? $" ({fault.Status})" : "")}: {fault.Example.ReplaceLineEndings(" ")}");
        }

        if (measures.Count(CallEnd.Cancelled) + measures.Count(CallEnd.Unfinished) > 0)
        {
            yield return Text($"{measures.Count(CallEnd.Cancelled):#,0} given up as planned, {measures.Count(CallEnd.Unfinished):#,0} unfinished at the end of the run; neither is in the table");
        }

        if (report.Stable is { } stable)
        {
            yield return StableLines.Words(stable);
        }

        yield return TokenLine(report);
        if (measures.WithJoules > 0)
        {
            yield return Text(
                $"energy, as the server tells{(measures.JoulesKind.Simulated ? " (simulated)" : measures.JoulesKind.Modelled ? " (modelled)" : "")}: {measures.Joules:#,0.###} J, {measures.Joules / measures.WithJoules:0.###} J a request, {measures.JoulesTokens / measures.Joules:0.###} tokens/J, {measures.Joules / measures.Seconds:0.#} W, goodput {measures.Good / measures.Joules:0.####} requests/J");
        }

        if (report.Factory is { } factory)
        {
            yield return Text($"the factory's devices drew {factory.Watts:#,0.#} W in the mean of {factory.Readings} readings{(factory.Simulated ? " (simulated)" : factory.Modelled ? " (modelled)" : "")}: {report.Figures["tokens_per_s"] / factory.Watts:0.###} tokens/J with what passes idle");
        }

        foreach (var reading in report.Host)
        {
            yield return reading.Joules is { } joules
                ? Text($"{reading.Source} of this host: {joules:#,0.#} J, {joules / report.HostSeconds:#,0.#} W, {measures.OutputTokens.Sum / joules:0.###} tokens/J, all that ran on it counted ({reading.Note})")
                : $"{reading.Source} of this host: absent ({reading.Note})";
        }

        if (measures.Slow.Ended > 0)
        {
            yield return Text($"{measures.Slow.Ended:#,0} calls were read slowly, {measures.Slow.Whole:#,0} of them to the end; they are in no figure");
        }

        if (report.TooLong > 0)
        {
            yield return Text($"{report.TooLong:#,0} calls of the trace were left out: they have more tokens than --max-context");
        }

        if (measures.Waits is { Calls: > 0 } waits)
        {
            yield return Text($"{waits.Calls:#,0} calls were refused {waits.Refusals:#,0} times and asked again after the time that the server named, {Time(waits.Seconds)} in all; times from the intended start count that");
        }

        if (measures.HeldBack > 0)
        {
            yield return Text($"{measures.HeldBack:#,0} calls waited for others, for as many as --max-in-flight allows were in flight; times from the intended start count that");
        }

        yield return Text(
            $"generator: {report.Health.Cores:0.00} of {Environment.ProcessorCount} cores, loop lag p50 {Time(report.Health.LoopLag.Percentile(50))}, p99 {Time(report.Health.LoopLag.Percentile(99))}, collector's pauses {Time(report.Health.PauseSeconds)}")
            + (report.Connections > 0 ? Text($", {report.Connections:#,0} connections") : "")
            + (GeneratorHealth.CpuGovernor is { } governor and not "performance" ? $", CPU governor {governor}" : "");
        if (report.Degraded is { Count: > 0 } reasons)
        {
            yield return $"degraded: the generator was a bottleneck: {string.Join(", ", reasons)}. What it measured is in part its own lateness.";
        }

        if (report.Interrupted)
        {
            yield return "interrupted: these are the figures until then.";
        }
    }

    /// <summary>A time in the unit that suits it.</summary>
    public static string Time(double seconds) => seconds switch
    {
        < .0001 => Text($"{seconds * 1e6:0.0} us"),
        < .01 => Text($"{seconds * 1000:0.000} ms"),
        < 1 => Text($"{seconds * 1000:0.0} ms"),
        < 100 => Text($"{seconds:0.000} s"),
        _ => Text($"{seconds:#,0.0} s"),
    };

    private static string TokenLine(LoadReport report)
    {
        var measures = report.Measures;
        if (measures.WithoutUsage > 0 && measures.UsageTokens == 0)
        {
            return "tokens are counted by chunks, a token each: the server told no usage";
        }

        var parts = new List<string> { Text($"tokens by usage: {measures.UsageTokens:#,0} of {measures.PlannedTokens:#,0} asked for") };
        if (report.Recount is { } recount)
        {
            parts.Add(Text($"/tokenize counts {Off(recount.Counted, recount.Told)} in {recount.Answers} answers"));
        }

        parts.Add(Text($"chunks: {measures.OwnTokens:#,0}"));
        if (measures.ReasoningChunks > 0)
        {
            parts.Add(Text($"{measures.ReasoningChunks:#,0} chunks of thoughts{(measures.ReasoningTokens > 0 ? Text($" ({measures.ReasoningTokens:#,0} tokens by usage)") : "")}"));
        }

        parts.Add(Text($"prompts: {Off((long)measures.PromptTokens.Sum, measures.PlannedPromptTokens)} against what was asked for"));
        if (measures.CachedTokens > 0)
        {
            parts.Add(Text($"{100 * measures.CachedTokens / measures.PromptTokens.Sum:0.0} % of them cached"));
        }

        return string.Join("; ", parts);
    }

    private static string Off(long counted, long told) => told == 0 ? "-" : Text($"{100.0 * (counted - told) / told:+0.0;-0.0;0.0} %");

    private static string Value(Metric metric, double value) => metric.Unit == "s" ? Time(value) : Text($"{value:#,0.##}");

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
