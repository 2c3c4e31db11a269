using System.CommandLine;
using System.Net.Http.Json;
using System.Text.Json;
using System.Text.Json.Nodes;
using Crescent.Client.Connections;
using Crescent.Client.Connections.Http;
using Crescent.Client.Json;
using Crescent.Client.Load.Measures;
using Crescent.Client.Load.Prompts;
using Crescent.Client.Load.Reports;
using Crescent.Client.Load.Runs;
using Crescent.Client.Load.Wire;
using Crescent.Client.Terminals;
using Spectre.Console;

namespace Crescent.Client.Commands;

/// <summary><c>load</c>: drives load through an OpenAI-compatible server, and says what its users would have seen.</summary>
internal sealed class LoadCommand : Command
{
    private readonly Terminal _terminal;
    private readonly LoadOptions _options = new();
    private readonly LoadPatternOptions _pattern = new();

    public LoadCommand(Terminal terminal) : base(
        "load",
        "Drive load through this factory or any OpenAI-compatible server, and measure it: times from the intended and from the actual start, throughput, goodput, tokens, energy. Ctrl+C ends it and keeps what was measured.")
    {
        _terminal = terminal;
        _pattern.AddTo(this);
        _options.AddTo(this);
        SetAction((parsed, _) => CommandGuard.Run(_terminal, _options.Json(parsed), interrupted => Run(parsed, interrupted)));
    }

    private async Task<int> Run(ParseResult parsed, CancellationToken interrupted)
    {
        var pattern = _pattern.Pattern(parsed);
        var target = await Target.Find(_options.Url(parsed), _options.Key(parsed), interrupted);
        using var http = target.Client(TimeSpan.FromSeconds(_options.Timeout(parsed)));
        var failures = new HttpFailures(target.Root.ToString().TrimEnd('/'), http.Timeout);
        var model = _options.Model(parsed) ?? await FirstModel(http, target, failures, interrupted);
        var form = _options.Form(parsed, model);
        var calibration = new PromptCalibration(http, target.Prefix, model, _pattern.Seed(parsed));
        var scale = _options.TokensPerWord(parsed) is { } given
            ? new PromptScale(given, 0, "given")
            : await calibration.Measure(form, interrupted).Translating(failures.Translate);
        var report = await Measure(parsed, pattern, target, form, model, calibration, scale, interrupted);
        await Tell(parsed, report);
        return Verdict(parsed, report);
    }

    private async Task<LoadReport> Measure(
        ParseResult parsed, Load.Plans.LoadPattern pattern, Target target, RequestForm form, string model, PromptCalibration calibration, PromptScale scale, CancellationToken interrupted)
    {
        await GeneratorWarmUp.Run(form, interrupted);
        var timeline = new Timeline();
        using var lines = _options.Records(parsed) is { } file ? Open(file) : null;
        using var run = new LoadRun(new LoadRunOptions
        {
            Target = target,
            Form = form,
            Writer = new PromptWriter(scale, _pattern.Seed(parsed)),
            Scripts = pattern.Scripts,
            Concurrency = pattern.Concurrency,
            RampSeconds = _pattern.Ramp(parsed),
            MostScripts = pattern.Most,
            MostSeconds = _pattern.MostSeconds(parsed),
            WarmUpSeconds = _options.WarmUp(parsed),
            WarmUpCalls = _options.WarmUpCalls(parsed),
            MostInFlight = _pattern.MostInFlight(parsed),
            TimeoutSeconds = _options.Timeout(parsed),
            GraceSeconds = _options.Grace(parsed),
            Slo = _options.SloOf(parsed),
            KeptTexts = calibration.HasTokenizer ? LoadRecount.Answers : 0,
            Ended = (call, measured) =>
            {
                timeline.Add(call);
                lines?.Add(call, measured);
            },
        });
        timeline.Began = run.Begin();
        if (lines is not null)
        {
            lines.Began = run.Began;
        }

        await LoadView.Watch(_terminal.Error, run, timeline, pattern.Most, _pattern.MostSeconds(parsed), run.Run(interrupted));
        return new LoadReport
        {
            Command = CommandText.Of(parsed),
            Server = target.Root.ToString(),
            Model = model,
            Measures = run.Measures,
            Health = run.Health,
            Scale = scale,
            Slo = _options.SloText(parsed),
            Connections = run.Caller.Connections,
            Interrupted = run.Interrupted,
            TooLong = pattern.TooLong(),
            Recount = await LoadRecount.Of(run.Caller.Texts, calibration, interrupted),
            Seed = _pattern.Seed(parsed),
            Timeline = timeline,
        };
    }

    private async Task Tell(ParseResult parsed, LoadReport report)
    {
        if (_options.Json(parsed))
        {
            _terminal.WriteData(WireJson.Line.Text<JsonNode>(RunDocument.Json(report)));
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

        try
        {
            if (_options.Csv(parsed) is { } csv)
            {
                await File.WriteAllTextAsync(csv.FullName, RunDocument.Csv(report), CancellationToken.None);
            }

            if (_options.Plots(parsed) is { } plots)
            {
                plots.Create();
                LoadPlots.Draw(report, plots.FullName);
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

    private static Task<string> FirstModel(HttpClient http, Target target, HttpFailures failures, CancellationToken cancellationToken)
    {
        return Ask().Translating(failures.Translate);

        async Task<string> Ask()
        {
            using var reply = await http.GetAsync(new Uri(target.Prefix + "/models", UriKind.Relative), cancellationToken);
            await failures.ThrowUnlessOk(reply, cancellationToken);
            var list = await reply.Content.ReadFromJsonAsync<JsonNode>(cancellationToken);
            return (string?)list?["data"]?[0]?["id"] ?? throw new JsonException("it lists no model");
        }
    }
}
