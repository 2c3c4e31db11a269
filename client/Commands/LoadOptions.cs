using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Nodes;
using Crescent.Client.Connections;
using Crescent.Client.Connections.Local;
using Crescent.Client.Load.Measures;
using Crescent.Client.Load.Prompts;

namespace Crescent.Client.Commands;

/// <summary>The options of <c>load</c>, but for those of what is sent when (<see cref="LoadPatternOptions"/>).</summary>
internal sealed class LoadOptions
{
    private const double DefaultTimeout = 60;

    private readonly Option<Uri?> _url = new("--url")
    {
        Description = "An OpenAI-compatible server, such as http://127.0.0.1:8080, with or without /v1 (default: the front end of the cluster on this machine)",
        HelpName = "URL",
        CustomParser = static argument =>
        {
            var text = argument.Tokens[0].Value;
            if (Uri.TryCreate(text, UriKind.Absolute, out var url) && url.Scheme is "http" or "https" && url!.Host.Length > 0)
            {
                return url;
            }

            argument.AddError($"--url takes an address that begins with http:// or https://, not '{text}'.");
            return null;
        },
    };

    private readonly Option<string?> _key = new("--api-key", "--key")
    {
        Description = $"Key to send; others on this machine can read a command line, so better in {ConnectionSettings.KeyVariable} (default: that)",
        HelpName = "KEY",
    };

    private readonly Option<LoadEndpoint> _endpoint = new("--endpoint") { Description = "What is asked", DefaultValueFactory = static _ => LoadEndpoint.Chat };
    private readonly Option<string?> _model = new("--model") { Description = "The model (default: the first that the server lists)", HelpName = "NAME" };
    private readonly Option<bool> _whole = new("--no-stream") { Description = "Ask for whole answers, not for events: there is no time to the first token then" };
    private readonly Option<bool> _ignoreEos = new("--ignore-eos") { Description = "Have answers as long as asked for, by ignore_eos and min_tokens, which not all servers know (default: a model may end sooner)" };

    private readonly Option<JsonObject?> _extra = new("--extra")
    {
        Description = """More fields of each request, such as {"temperature":0}""",
        HelpName = "JSON",
        CustomParser = static argument =>
        {
            try
            {
                if (JsonNode.Parse(argument.Tokens[0].Value) is JsonObject fields)
                {
                    return fields;
                }
            }
            catch (JsonException)
            {
                // The same as any other that is no object.
            }

            argument.AddError($"--extra takes a JSON object, not '{argument.Tokens[0].Value}'.");
            return null;
        },
    };

    private readonly Option<string?> _limitField = new("--max-tokens-field")
    {
        Description = "The field of an answer's limit, max_completion_tokens for some servers (default: max_tokens, max_output_tokens for responses)",
        HelpName = "NAME",
    };

    private readonly Option<double?> _tokensPerWord = NumberOption.Create<double>(
        "--tokens-per-word", "Tokens that an English word has with this model (default: measured by /tokenize, else by the usage of two calls)", "X", "a number from 0.1 to 20", static v => v is >= 0.1 and <= 20);

    private readonly Option<double?> _warmUp = TimeOption.Create("--warm-up", "Calls that were to start before this are not measured (default: 0)", 0, 86_400);
    private readonly Option<long?> _warmUpCalls = NumberOption.Create<long>("--warm-up-requests", "The first so many calls are not measured (default: 0)", "N", "a whole number of at least 0", static v => v >= 0);
    private readonly Option<double?> _timeout = TimeOption.Create("--timeout", "Longest wait to connect, and for each next piece of an answer (default: 60s)", 0.001, 86_400);
    private readonly Option<double?> _grace = TimeOption.Create("--grace", "How long calls in flight have to end when the --seconds are over (default: 60s)", 0, 86_400);

    private readonly Option<double?> _retryAfter = TimeOption.Create(
        "--retry-after", "Ask again what was refused with Retry-After, after the time that it names, as long as that makes no more than this in all for a call (default: a refusal is a failure)", 0.001, 86_400);

    private readonly Option<Slo?> _slo = new("--slo")
    {
        Description = $"What a good call keeps, measured from its intended start: {Slo.Form}; goodput counts those that do",
        HelpName = "SLO",
        CustomParser = static argument =>
        {
            if (Slo.Parse(argument.Tokens[0].Value) is { } slo)
            {
                return slo;
            }

            argument.AddError($"--slo takes {Slo.Form}, not '{argument.Tokens[0].Value}'.");
            return null;
        },
    };

    private readonly Option<FailCondition[]> _failIf = new("--fail-if")
    {
        Description = $"End with exit code {ExitCodes.Missed} where this holds; may be given several times: {FailCondition.Form}",
        HelpName = "CONDITION",
        CustomParser = static argument =>
        {
            var conditions = new List<FailCondition>();
            foreach (var token in argument.Tokens)
            {
                if (FailCondition.Parse(token.Value) is { } condition)
                {
                    conditions.Add(condition);
                }
                else
                {
                    argument.AddError(
                        $"--fail-if takes {FailCondition.Form}, not '{token.Value}'. Metrics: {string.Join(", ", new LoadMeasures().All.Select(static metric => metric.Name))}; figures: {string.Join(", ", FailCondition.Figures)}.");
                }
            }

            return [.. conditions];
        },
    };

    private readonly Option<bool> _json = new("--json") { Description = "Write the result as one JSON document (default: a table)" };
    private readonly Option<FileInfo?> _csv = new("--csv") { Description = "Write the metrics to this file as CSV", HelpName = "OUT" };
    private readonly Option<FileInfo?> _records = new("--records") { Description = "Write a line of JSON for each call to this file", HelpName = "OUT" };
    private readonly Option<DirectoryInfo?> _plots = new("--plots") { Description = "Draw PNG plots into this folder", HelpName = "FOLDER" };

    private readonly Option<FileInfo?> _png = new("--png") { Description = "Draw times over percentile into this file", HelpName = "OUT" };
    private readonly Option<FileInfo?> _html = new("--html") { Description = "Write a page with all figures and pictures, which needs no other file, to this file", HelpName = "OUT" };

    private readonly Option<FileInfo[]> _compare = new("--compare")
    {
        Description = "Earlier runs, as --json wrote them, to hold this one against: in a table with ratios, and in the pictures",
        HelpName = "RUN",
        AllowMultipleArgumentsPerToken = true,
    };

    private readonly Option<FileInfo?> _cluster = new("--cluster")
    {
        Description = "The local cluster that this announcement (cluster.json) names (default: the newest that runs)",
        HelpName = "FILE",
    };

    private readonly Option<bool> _orleans = new("--orleans")
    {
        Description = "Chat over Orleans, by the gateways of the cluster on this machine, as run and chat do (default: over HTTP)",
    };

    /// <summary>Adds all; to a sweep those alone that are of each of its runs.</summary>
    public void AddTo(Command command, bool swept = false)
    {
        Option[] ofOne = [_failIf, _records, _plots, _compare];
        foreach (var option in (Option[])[
            _url, _cluster, _orleans, _key, _endpoint, _model, _whole, _ignoreEos, _extra, _limitField, _tokensPerWord, _warmUp, _warmUpCalls, _timeout, _grace, _retryAfter, _slo, _json, _csv, _png, _html, .. swept ? [] : ofOne])
        {
            command.Options.Add(option);
        }

        command.Validators.Add(result =>
        {
            if (result.GetResult(_url) is not null && result.GetResult(_cluster) is not null)
            {
                result.AddError("--url and --cluster exclude each other: each names a front end.");
            }

            // What HTTP alone has a place for is refused, not dropped.
            if (result.GetValue(_orleans) && ((Option[])[_url, _key, _whole, _ignoreEos, _limitField]).FirstOrDefault(option => result.GetResult(option) is { Implicit: false }) is { } other)
            {
                result.AddError($"{other.Name} does not go with --orleans, which has no place for it: leave one of them out.");
            }

            if (result.GetValue(_orleans) && result.GetValue(_endpoint) != LoadEndpoint.Chat)
            {
                result.AddError("--orleans is for chats alone: leave --endpoint out.");
            }
        });
    }

    public bool Json(ParseResult parsed) => parsed.GetValue(_json);

    /// <summary>The server's address.</summary>
    /// <exception cref="FactoryException">None is named and no cluster runs here.</exception>
    public Uri Url(ParseResult parsed) => parsed.GetValue(_url) ?? LocalConnection.Url(parsed.GetValue(_cluster));

    /// <summary>Whether calls go over Orleans.</summary>
    public bool OverOrleans(ParseResult parsed) => parsed.GetValue(_orleans);

    /// <summary>How the cluster is reached over Orleans.</summary>
    public ConnectionSettings Cluster(ParseResult parsed) => new() { Cluster = parsed.GetValue(_cluster), Timeout = TimeSpan.FromSeconds(Timeout(parsed)) };

    public LoadEndpoint Endpoint(ParseResult parsed) => parsed.GetValue(_endpoint);

    /// <summary>Whether answers come as events where the endpoint has those.</summary>
    public bool Streams(ParseResult parsed) => !parsed.GetValue(_whole);

    /// <summary>More fields of each call; null for none.</summary>
    public JsonObject? Extra(ParseResult parsed) => parsed.GetValue(_extra);

    public string? Key(ParseResult parsed) => parsed.GetValue(_key) ?? ConnectionSettings.KeyOfEnvironment;

    public string? Model(ParseResult parsed) => parsed.GetValue(_model);

    public double? TokensPerWord(ParseResult parsed) => parsed.GetValue(_tokensPerWord);

    public double Timeout(ParseResult parsed) => parsed.GetValue(_timeout) ?? DefaultTimeout;

    public double Grace(ParseResult parsed) => parsed.GetValue(_grace) ?? DefaultTimeout;

    /// <summary>How long a call may wait to be asked again, s; 0 for not at all.</summary>
    public double RetryAfter(ParseResult parsed) => parsed.GetValue(_retryAfter) ?? 0;

    public double WarmUp(ParseResult parsed, double otherwise = 0) => parsed.GetValue(_warmUp) ?? otherwise;

    public long WarmUpCalls(ParseResult parsed) => parsed.GetValue(_warmUpCalls) ?? 0;

    public Slo? SloOf(ParseResult parsed) => parsed.GetValue(_slo);

    /// <summary>The SLO as it was written.</summary>
    public string? SloText(ParseResult parsed) => parsed.GetResult(_slo)?.Tokens is [{ Value: var text }] ? text : null;

    public FailCondition[] Conditions(ParseResult parsed) => parsed.GetValue(_failIf) ?? [];

    public FileInfo? Csv(ParseResult parsed) => parsed.GetValue(_csv);

    public FileInfo? Records(ParseResult parsed) => parsed.GetValue(_records);

    public FileInfo? Png(ParseResult parsed) => parsed.GetValue(_png);

    public FileInfo? Html(ParseResult parsed) => parsed.GetValue(_html);

    /// <summary>Runs to hold this one against.</summary>
    public FileInfo[] Compare(ParseResult parsed) => parsed.GetValue(_compare) ?? [];

    public DirectoryInfo? Plots(ParseResult parsed) => parsed.GetValue(_plots);

    /// <summary>The body of each call.</summary>
    public RequestForm Form(ParseResult parsed, string model) => new(
        parsed.GetValue(_endpoint), model, Streams(parsed), parsed.GetValue(_ignoreEos), parsed.GetValue(_extra), parsed.GetValue(_limitField));
}
