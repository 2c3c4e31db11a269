using System.CommandLine;
using System.Net.Http.Json;
using System.Text.Json;
using System.Text.Json.Nodes;
using Crescent.Client.Connections;
using Crescent.Client.Connections.Http;
using Crescent.Client.Load.Energy;
using Crescent.Client.Load.Measures;
using Crescent.Client.Load.Plans;
using Crescent.Client.Load.Prompts;
using Crescent.Client.Load.Reports;
using Crescent.Client.Load.Runs;
using Crescent.Client.Load.Wire;
using Crescent.Client.Terminals;
using Crescent.Grains.Contracts.Factory;

namespace Crescent.Client.Commands;

/// <summary>A server that was found, over HTTP or over Orleans, whose tokens are known, and that runs can be made against.</summary>
internal sealed class LoadDriver : IAsyncDisposable
{
    private readonly Terminal _terminal;
    private readonly ParseResult _parsed;
    private readonly LoadOptions _options;
    private readonly LoadPatternOptions _pattern;
    private readonly HttpClient? _http;
    private readonly Target? _target;
    private readonly ClusterTarget? _cluster;
    private readonly PromptCalibration? _calibration;
    private readonly RequestForm _form;
    private readonly PromptScale _scale;

    private LoadDriver(
        Terminal terminal, ParseResult parsed, LoadOptions options, LoadPatternOptions pattern, HttpClient http, Target target, RequestForm form, string model, PromptCalibration calibration, PromptScale scale)
    {
        (_terminal, _parsed, _options, _pattern, _http, _target, _form, _calibration, _scale) = (terminal, parsed, options, pattern, http, target, form, calibration, scale);
        (Server, Model) = (target.Root.ToString(), model);
    }

    private LoadDriver(
        Terminal terminal, ParseResult parsed, LoadOptions options, LoadPatternOptions pattern, ClusterTarget cluster, FactorySnapshot factory, PromptScale scale)
    {
        (_terminal, _parsed, _options, _pattern, _cluster, _form, _scale) = (terminal, parsed, options, pattern, cluster, options.Form(parsed, cluster.Model ?? factory.Model), scale);
        (Server, Model) = ($"{factory.ClusterId} over Orleans", cluster.Model ?? factory.Model);
    }

    /// <summary>The server, for people.</summary>
    public string Server { get; }

    /// <summary>Which of its models.</summary>
    public string Model { get; }

    /// <summary>Finds the server that the options name, and asks how many tokens its words have.</summary>
    /// <exception cref="FactoryException">It is not there, or does not tell.</exception>
    public static Task<LoadDriver> Open(Terminal terminal, ParseResult parsed, LoadOptions options, LoadPatternOptions pattern, Connector connect, CancellationToken interrupted)
    {
        pattern.Check(parsed, options.Endpoint(parsed), options.Streams(parsed));
        return options.OverOrleans(parsed) ? OpenCluster(terminal, parsed, options, pattern, connect, interrupted) : OpenHttp(terminal, parsed, options, pattern, interrupted);
    }

    private static async Task<LoadDriver> OpenCluster(
        Terminal terminal, ParseResult parsed, LoadOptions options, LoadPatternOptions pattern, Connector connect, CancellationToken interrupted)
    {
        var connection = await connect(options.Cluster(parsed), interrupted);
        try
        {
            var cluster = new ClusterTarget(connection, options.Model(parsed), options.Extra(parsed));
            var factory = await connection.GetFactory(interrupted);
            var scale = options.TokensPerWord(parsed) is { } given ? new PromptScale(given, 0, "given") : await ChatCalibration.Measure(cluster, pattern.Seed(parsed), interrupted);
            return new LoadDriver(terminal, parsed, options, pattern, cluster, factory, scale);
        }
        catch
        {
            await connection.DisposeAsync();
            throw;
        }
    }

    private static async Task<LoadDriver> OpenHttp(Terminal terminal, ParseResult parsed, LoadOptions options, LoadPatternOptions pattern, CancellationToken interrupted)
    {
        var target = await Target.Find(options.Url(parsed), options.Key(parsed), interrupted);
        var http = target.Client(TimeSpan.FromSeconds(options.Timeout(parsed)));
        try
        {
            var failures = new HttpFailures(target.Root.ToString().TrimEnd('/'), http.Timeout);
            var model = options.Model(parsed) ?? await FirstModel(http, target, failures, interrupted);
            var form = options.Form(parsed, model);
            var calibration = new PromptCalibration(http, target.Prefix, model, pattern.Seed(parsed));
            var scale = options.TokensPerWord(parsed) is { } given
                ? new PromptScale(given, 0, "given")
                : await calibration.Measure(form, interrupted).Translating(failures.Translate);
            await GeneratorWarmUp.Run(form, interrupted);
            return new LoadDriver(terminal, parsed, options, pattern, http, target, form, model, calibration, scale);
        }
        catch
        {
            http.Dispose();
            throw;
        }
    }

    /// <summary>Makes a run.</summary>
    /// <param name="load">What is sent.</param>
    /// <param name="seed">Of all that is drawn.</param>
    /// <param name="seconds">None begins after this, s.</param>
    /// <param name="warmUp">What was to begin before is not measured, s.</param>
    /// <param name="slo">What a good call keeps.</param>
    /// <param name="records">Where each call is written; null for nowhere.</param>
    /// <param name="interrupted">Ends it, and keeps what was measured.</param>
    public async Task<LoadReport> Measure(LoadPattern load, long seed, double seconds, double warmUp, Slo? slo, CallLines? records, CancellationToken interrupted)
    {
        var timeline = new Timeline();
        using var stable = _pattern.Stable(_parsed, _form) is { } goal ? new StableStop(goal) : null;
        using var run = new LoadRun(new LoadRunOptions
        {
            Target = _target,
            Cluster = _cluster,
            Form = _form,
            Writer = new PromptWriter(_scale, seed),
            Scripts = load.Scripts,
            Concurrency = load.Concurrency,
            RampSeconds = _pattern.Ramp(_parsed),
            MostScripts = load.Most,
            MostSeconds = seconds,
            WarmUpSeconds = warmUp,
            WarmUpCalls = _options.WarmUpCalls(_parsed),
            MostInFlight = _pattern.MostInFlight(_parsed),
            TimeoutSeconds = _options.Timeout(_parsed),
            GraceSeconds = _options.Grace(_parsed),
            MostWaitSeconds = _options.RetryAfter(_parsed),
            Slo = slo,
            Slow = _pattern.Slow(_parsed),
            Seed = seed,
            KeptTexts = _calibration is { HasTokenizer: true } ? LoadRecount.Answers : 0,
            Ended = (call, measured) =>
            {
                timeline.Add(call);
                stable?.Add(call, measured);
                records?.Add(call, measured);
            },
        });
        timeline.Began = run.Begin();
        if (records is not null)
        {
            records.Began = run.Began;
        }

        var power = new PowerWatch(_http, _cluster?.Connection);
        using var ended = new CancellationTokenSource();
        var watch = power.Run(() => run.Seconds, warmUp, seconds, ended.Token);
        var running = run.Run(interrupted);
        stable?.Watch(run);
        var steady = SteadyRate.Watch(run, warmUp, seconds, running);
        await LoadView.Watch(_terminal.Error, run, timeline, load.Most, seconds, stable, running);
        stable?.Dispose();
        var lasted = run.Seconds;
        await ended.CancelAsync();
        await watch;
        return new LoadReport
        {
            Command = CommandText.Of(_parsed),
            Server = Server,
            Model = Model,
            Measures = run.Measures,
            Health = run.Health,
            Scale = _scale,
            Slo = _options.SloText(_parsed),
            Connections = run.Caller.Connections,
            Interrupted = run.Interrupted,
            TooLong = load.TooLong(),
            Recount = _calibration is null ? null : await LoadRecount.Of(run.Caller.Texts, _calibration, interrupted),
            Seed = seed,
            Timeline = timeline,
            SteadyChunks = await steady,
            Host = power.Host,
            HostSeconds = lasted,
            Factory = power.Factory,
            Stable = stable?.Outcome,
        };
    }

    public async ValueTask DisposeAsync()
    {
        _http?.Dispose();
        if (_cluster is not null)
        {
            await _cluster.Connection.DisposeAsync();
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
