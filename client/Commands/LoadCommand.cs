using System.CommandLine;
using System.Text.Json.Nodes;
using Crescent.Client.Connections;
using Crescent.Client.Json;
using Crescent.Client.Load.Reports;
using Crescent.Client.Terminals;
using Spectre.Console;

namespace Crescent.Client.Commands;

/// <summary><c>load</c>: drives load through an OpenAI-compatible server, and says what its users would have seen.</summary>
internal sealed class LoadCommand : Command
{
    private readonly Terminal _terminal;
    private readonly Connector _connect;
    private readonly LoadOptions _options = new();
    private readonly LoadPatternOptions _pattern = new();

    public LoadCommand(Terminal terminal, Connector connect) : base(
        "load",
        "Drive load through this factory, over HTTP or Orleans, or any OpenAI-compatible server, and measure it: times from the intended and from the actual start, throughput, goodput, tokens, energy. Ctrl+C ends it and keeps what was measured.")
    {
        _terminal = terminal;
        _connect = connect;
        _pattern.AddTo(this);
        _options.AddTo(this);
        SetAction((parsed, _) => CommandGuard.Run(_terminal, _options.Json(parsed), interrupted => Run(parsed, interrupted)));
    }

    private async Task<int> Run(ParseResult parsed, CancellationToken interrupted)
    {
        var others = await Earlier(parsed, interrupted);
        var pattern = _pattern.Pattern(parsed);
        await using var driver = await LoadDriver.Open(_terminal, parsed, _options, _pattern, _connect, interrupted);
        using var lines = _options.Records(parsed) is { } file ? Open(file) : null;
        var report = await driver.Measure(pattern, _pattern.Seed(parsed), _pattern.MostSeconds(parsed), _options.WarmUp(parsed), _options.SloOf(parsed), lines, interrupted);
        await Tell(parsed, report, others);
        return Verdict(parsed, report);
    }

    private async Task<EarlierRun[]> Earlier(ParseResult parsed, CancellationToken interrupted)
    {
        var runs = new List<EarlierRun>();
        foreach (var file in _options.Compare(parsed))
        {
            runs.Add(await EarlierRun.Read(file, interrupted));
        }

        return [.. runs];
    }

    private async Task Tell(ParseResult parsed, LoadReport report, EarlierRun[] others)
    {
        var now = new EarlierRun("this run", RunDocument.Json(report));
        if (_options.Json(parsed))
        {
            _terminal.WriteData(WireJson.Line.Text<JsonNode>(now.Document));
        }
        else
        {
            _terminal.Output.Write(LoadTable.Of(report));
        }

        var notes = _options.Json(parsed) ? _terminal.Error : _terminal.Output;
        foreach (var line in LoadTable.Lines(report))
        {
            notes.WriteLine(Terminal.Printable(line));
        }

        if (others.Length > 0)
        {
            notes.Write(RunComparison.Of(now, others));
        }

        try
        {
            if (_options.Csv(parsed) is { } csv)
            {
                await File.WriteAllTextAsync(csv.FullName, RunDocument.Csv(report), CancellationToken.None);
            }

            if (_options.Plots(parsed) is { } plots)
            {
                plots.Create();
                LoadPlots.Draw(report, others, plots.FullName);
            }

            if (_options.Png(parsed) is { } png)
            {
                await File.WriteAllBytesAsync(png.FullName, LoadPlots.Image(LoadPlots.Spread(report, others)), CancellationToken.None);
            }

            if (_options.Html(parsed) is { } html)
            {
                await File.WriteAllTextAsync(html.FullName, LoadPage.Of(report, now, others), CancellationToken.None);
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new FactoryException(e.Message, "Name files that can be written.", e);
        }
    }

    private int Verdict(ParseResult parsed, LoadReport report)
    {
        var code = ExitCodes.Success;
        foreach (var condition in _options.Conditions(parsed))
        {
            var (fails, value) = condition.Check(report.Measures, report.Figures);
            if (fails)
            {
                Terminal.WriteNote(_terminal.Error, FormattableString.Invariant($"failed: {condition.Text} (it is {(double.IsNaN(value) ? "not known" : value.ToString("G4", System.Globalization.CultureInfo.InvariantCulture))})"));
                code = ExitCodes.Missed;
            }
        }

        if (report.Interrupted)
        {
            return ExitCodes.Interrupted;
        }

        return code == ExitCodes.Success && report.Measures.Tried > 0 && report.Measures.Failed == report.Measures.Tried ? ExitCodes.Failure : code;
    }

    private static CallLines Open(FileInfo file)
    {
        try
        {
            return new CallLines(file.FullName);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new FactoryException(e.Message, "Name a file that can be written with --records.", e);
        }
    }
}
