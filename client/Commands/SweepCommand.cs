using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using Crescent.Client.Connections;
using Crescent.Client.Json;
using Crescent.Client.Load.Reports;
using Crescent.Client.Load.Sweeps;
using Crescent.Client.Terminals;
using Crescent.Plots;
using Spectre.Console;

namespace Crescent.Client.Commands;

/// <summary><c>sweep</c>: the same load at ever more at a time, which draws the frontier between speed per user and volume per megawatt.</summary>
internal sealed class SweepCommand : Command
{
    private const double DefaultSeconds = 15;
    private const double DefaultWarmUp = 3;
    private const long SeedStep = 1_000_003;

    private readonly Terminal _terminal;
    private readonly Connector _connect;
    private readonly LoadOptions _load = new();
    private readonly LoadPatternOptions _pattern = new(swept: true);
    private readonly SweepOptions _options = new();

    public SweepCommand(Terminal terminal, Connector connect) : base(
        "sweep",
        $"Walk concurrency, rate, agents or the speed of a trace against this factory or any OpenAI-compatible server, and draw speed per user over volume, per megawatt where power is told. Each load takes --seconds (default: {DefaultSeconds}) and then as long as its last calls, the first --warm-up (default: {DefaultWarmUp}) left out. Ctrl+C ends it and keeps what was measured.")
    {
        _terminal = terminal;
        _connect = connect;
        _options.AddTo(this);
        _pattern.AddTo(this);
        _load.AddTo(this, swept: true);
        SetAction((parsed, _) => CommandGuard.Run(_terminal, _load.Json(parsed), interrupted => Run(parsed, interrupted)));
    }

    private async Task<int> Run(ParseResult parsed, CancellationToken interrupted)
    {
        var axis = _options.Over(parsed);
        var seed = _pattern.Seed(parsed);

        // What cannot be sent is said before anybody is asked, and what cannot be overlaid before anything is measured.
        _ = _pattern.Pattern(parsed, axis, 1, seed);
        foreach (var file in _options.Overlays(parsed))
        {
            _ = await SweepDocument.Curves(file, perMegawatt: null, interrupted);
        }

        await using var driver = await LoadDriver.Open(_terminal, parsed, _load, _pattern, _connect, interrupted);
        var sweep = await Walk(parsed, driver, axis, seed, interrupted);
        if (sweep.Points.Count == 0)
        {
            return ExitCodes.Interrupted;
        }

        await Tell(parsed, sweep);
        return sweep.Interrupted ? ExitCodes.Interrupted : sweep.Points.All(static point => !(point.Errors < 1)) ? ExitCodes.Failure : ExitCodes.Success;
    }

    private async Task<Sweep> Walk(ParseResult parsed, LoadDriver driver, SweepAxis axis, long seed, CancellationToken interrupted)
    {
        var clock = _options.Clock(parsed);
        var slo = _load.SloOf(parsed);
        var wall = slo is null ? null : slo with { FirstSeconds = slo.FirstSeconds / clock, TokenSeconds = slo.TokenSeconds / clock, LatencySeconds = slo.LatencySeconds / clock };
        var attain = _options.Attain(parsed);
        var tiers = _options.Tiers(parsed);
        var walk = new SweepWalk(
            _options.At(parsed), _options.Most(parsed), _options.Refinements(parsed), point => tiers is [var tier, ..] ? tier.Keeps(point) : point.Attained >= attain, axis is not (SweepAxis.Rate or SweepAxis.Speed));
        var points = new List<SweepPoint>();
        string? powerBy = null;
        var (simulated, stopped) = (false, false);
        while (!stopped && walk.Next(points) is { } load)
        {
            var number = seed + (points.Count * SeedStep);
            var report = await driver.Measure(
                _pattern.Pattern(parsed, axis, load, number), number, _pattern.MostSeconds(parsed, DefaultSeconds), _load.WarmUp(parsed, DefaultWarmUp), wall, null, interrupted);
            stopped = report.Interrupted;
            if (stopped)
            {
                break;
            }

            var power = _options.Power(parsed, report);
            powerBy = power?.By ?? powerBy;
            simulated |= report.Measures.JoulesKind.Simulated || report.Factory is { Simulated: true };
            points.Add(SweepPoint.Of(load, report, clock, _ => power?.Watts));
            _terminal.Error.WriteLine(Progress(points[^1], axis));
        }

        return new Sweep
        {
            Command = CommandText.Of(parsed),
            Server = driver.Server,
            Model = driver.Model,
            Axis = axis,
            Points = [.. points.OrderBy(static point => point.Load)],
            Slo = _load.SloText(parsed),
            Attain = attain,
            PowerBy = powerBy,
            Simulated = simulated,
            Clock = clock,
            Tiers = tiers,
            Interrupted = stopped,
        };
    }

    private async Task Tell(ParseResult parsed, Sweep sweep)
    {
        if (_load.Json(parsed))
        {
            _terminal.WriteData(WireJson.Line.Text<JsonNode>(SweepDocument.Json(sweep)));
        }
        else
        {
            _terminal.Output.Write(SweepTable.Of(sweep));
        }

        var notes = _load.Json(parsed) ? _terminal.Error : _terminal.Output;
        foreach (var line in SweepTable.Lines(sweep))
        {
            notes.WriteLine(Terminal.Printable(line));
        }

        var folder = _options.Out(parsed);
        var png = _load.Png(parsed)?.FullName ?? In(folder, "frontier.png");
        var html = _load.Html(parsed)?.FullName ?? In(folder, "sweep.html");
        var csv = _load.Csv(parsed)?.FullName ?? In(folder, "sweep.csv");
        var others = new List<FrontierLine>();
        foreach (var file in _options.Overlays(parsed))
        {
            try
            {
                others.AddRange(await SweepDocument.Curves(file, sweep.IsPerMegawatt, CancellationToken.None));
            }
            catch (FactoryException e)
            {
                // What was measured is not lost for a picture of it.
                _terminal.Error.WriteLine(Terminal.Printable($"left out of the picture: {e.Message}"));
            }
        }

        try
        {
            folder?.Create();
            var image = png is null && html is null ? [] : SweepPicture.Of(sweep, others, _options.Hopper(parsed)).Png();
            if (png is not null)
            {
                await File.WriteAllBytesAsync(png, image, CancellationToken.None);
            }

            if (html is not null)
            {
                await File.WriteAllTextAsync(html, SweepTable.Page(sweep, image), CancellationToken.None);
            }

            if (csv is not null)
            {
                await File.WriteAllTextAsync(csv, SweepDocument.Csv(sweep), CancellationToken.None);
            }

            if (In(folder, "sweep.json") is { } json)
            {
                await File.WriteAllTextAsync(json, WireJson.Pages.Text<JsonNode>(SweepDocument.Json(sweep)), CancellationToken.None);
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new FactoryException(e.Message, "Name files that can be written.", e);
        }
    }

    private static string? In(DirectoryInfo? folder, string file) => folder is null ? null : Path.Combine(folder.FullName, file);

    private static string Progress(SweepPoint point, SweepAxis axis) => string.Create(
        CultureInfo.InvariantCulture,
        $"{RunComparison.Number(point.Load)} {SweepPicture.Axis(axis)}: {(double.IsNaN(point.Errors) ? "no measured call has ended; " : "")}{point.UserSpeed:0.#} tokens/s per user, {point.TokensPerSecond:#,0.#} tokens/s{(point.PerMegawatt is { } volume ? FormattableString.Invariant($", {volume:#,0} per MW") : "")}{(point.Errors > 0 ? FormattableString.Invariant($", {100 * point.Errors:0.#} % failed") : "")}");
}
