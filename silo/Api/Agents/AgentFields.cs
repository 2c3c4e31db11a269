using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Crescent.Agents.Strategies;
using Crescent.Agents.Tasks;
using Crescent.Grains.Agents;
using Crescent.Silo.Api.OpenAi;
using Crescent.Silo.Api.Wire;

namespace Crescent.Silo.Api.Agents;

/// <summary>The body of POST /v1/agents. A field that it does not know is refused by name.</summary>
internal static class AgentFields
{
    /// <summary>Names a submission: sent again with the same key, it is the same task.</summary>
    public const string KeyHeader = "Idempotency-Key";

    /// <summary>Strategy of a task that names none.</summary>
    public const string DefaultStrategy = "chain-of-thought";

    private const int MaxKey = 255;
    private const int MaxSteps = 1 << 20;

    /// <summary>What is to be done.</summary>
    /// <exception cref="ApiException">A field is wrong or unknown.</exception>
    public static TaskSpec Read(HttpContext http, RequestFields body, StrategyCatalogue strategies, AgentTools tools)
    {
        var owner = RequestOwner.Read(http, body);
        RefuseProgram(body);
        var strategy = body.Text("strategy") ?? DefaultStrategy;
        if (!strategies.Has(strategy))
        {
            throw ApiException.InvalidValue("strategy", $"There is no strategy '{strategy}'; there are {string.Join(", ", strategies.Names)}.");
        }

        var spec = new TaskSpec
        {
            Problem = body.Text("problem") is { Length: > 0 } problem ? problem : throw ApiException.Missing("problem"),
            System = body.Text("system"),
            Model = body.Text("model"),
            Strategy = strategy,
            Settings = Settings(body.Object("settings"), strategy),
            Budget = Budget(body.Object("budget")),
            Tools = body.Any("tools") is { } named ? Tools(named, tools) : Usual(strategy, tools),
            Seed = (ulong)(body.Integer("seed", 0, long.MaxValue) ?? Random.Shared.NextInt64()),
            Tenant = owner.Tenant,
            Priority = CompletionFields.ReadPriority(body).ToString().ToLowerInvariant(),
            CacheSalt = owner.Salt(body.Text("cache_salt")),
            TraceParent = owner.TraceParent,
        };
        RefuseUnread(body);
        return spec;
    }

    /// <summary>The id of the task that a request submits: of its key where it has one, else a fresh one.</summary>
    /// <exception cref="ApiException">The key is too long or empty.</exception>
    public static string Id(HttpContext http, string tenant)
    {
        if (!http.Request.Headers.TryGetValue(KeyHeader, out var header))
        {
            return $"agent-{Guid.NewGuid():n}";
        }

        var key = header.ToString();
        return key.Length is > 0 and <= MaxKey && key.All(static c => c is >= ' ' and <= '~')
            ? $"agent-{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"{tenant.Length}:{tenant}{key}")).AsSpan(0, 16))}"
            : throw ApiException.InvalidValue(KeyHeader, $"'{KeyHeader}' takes 1 to {MaxKey} printable ASCII characters.");
    }

    private static StrategySettings Settings(RequestFields? fields, string strategy)
    {
        if (fields is null)
        {
            return new StrategySettings();
        }

        var plain = new StrategySettings();
        var settings = plain with
        {
            Samples = Whole(fields, "samples") ?? plain.Samples,
            Window = Whole(fields, "window") ?? plain.Window,
            WindowStep = Whole(fields, "window_step") ?? plain.WindowStep,
            Confidence = fields.Number("confidence", 0.5, 1) ?? plain.Confidence,
            MaxTokens = Whole(fields, "max_tokens") ?? plain.MaxTokens,
            Temperature = fields.Number("temperature", 0, 2) ?? plain.Temperature,
            Verify = fields.Flag("verify") ?? plain.Verify,
            Beam = Whole(fields, "beam") ?? plain.Beam,
            Branches = Whole(fields, "branches") ?? plain.Branches,
            Depth = Whole(fields, "depth") ?? plain.Depth,
            PartLines = Whole(fields, "part_lines") ?? plain.PartLines,
            ReduceWidth = Whole(fields, "reduce_width") ?? plain.ReduceWidth,
            ReducePrompt = fields.Text("reduce_prompt"),
        };
        RefuseUnread(fields);
        foreach (var given in fields.Names.Where(field => fields.Any(field) is not null))
        {
            RefuseUnheeded(strategy, given, fields.Path(given));
        }

        return settings.Fault() is var (name, range)
            ? throw ApiException.InvalidValue(fields.Path(name), $"'{fields.Path(name)}' takes {range}.")
            : settings;
    }

    private static TaskBudget Budget(RequestFields? fields)
    {
        if (fields is null)
        {
            return new TaskBudget();
        }

        var plain = new TaskBudget();
        var budget = new TaskBudget
        {
            Tokens = fields.Integer("tokens", 1, long.MaxValue),
            Joules = fields.Number("joules", 0, double.MaxValue),
            Seconds = fields.Number("seconds", 0, 604_800),
            Parallelism = Whole(fields, "parallelism") ?? plain.Parallelism,
            ToolCalls = Whole(fields, "tool_calls") ?? plain.ToolCalls,
        };
        RefuseUnread(fields);
        return budget.Fault() is var (name, range) ? throw ApiException.InvalidValue(fields.Path(name), $"'{fields.Path(name)}' takes {range}.") : budget;
    }

    /// <summary>Tools of a task that names none: all that there are where its strategy has a use for them.</summary>
    public static TaskTool[] Usual(string strategy, AgentTools tools) => strategy == "react" ? [.. tools.All] : [];

    private static TaskTool[] Tools(JsonElement named, AgentTools tools)
    {
        if (named.ValueKind != JsonValueKind.Array || !named.EnumerateArray().All(static name => name.ValueKind == JsonValueKind.String))
        {
            throw ApiException.InvalidType("tools", "an array of names of tools", RequestFields.Kind(named));
        }

        return
        [
            .. named.EnumerateArray().Select(static name => name.GetString()!).Distinct().Select(name => tools.Find(name) is { } tool
                ? AgentTools.Describe(tool)
                : throw ApiException.InvalidValue("tools", $"There is no tool '{name}'; there are {string.Join(", ", tools.All.Select(static known => known.Name))}.")),
        ];
    }

    private static int? Whole(RequestFields fields, string name) => (int?)fields.Integer(name, 0, MaxSteps);

    /// <summary>Refuses a setting that changes nothing for the strategy.</summary>
    internal static void RefuseUnheeded(string strategy, string setting, string path)
    {
        if (!StrategyCatalogue.Heeds(strategy, setting))
        {
            throw ApiException.Unsupported(path, $"The strategy '{strategy}' has no use for '{path}'; leave it out.");
        }
    }

    /// <summary>A task is a program of its own: one that is named for it would be dropped.</summary>
    internal static void RefuseProgram(RequestFields body)
    {
        foreach (var name in (ReadOnlySpan<string>)["program", "session_id", "crescent"])
        {
            if (body.Any(name) is not null)
            {
                throw ApiException.Unsupported(name, $"A task is a program of its own; leave '{name}' out.");
            }
        }
    }

    private static void RefuseUnread(RequestFields fields)
    {
        if (fields.Unread.FirstOrDefault() is { } unknown)
        {
            throw ApiException.Unsupported(unknown, $"'{unknown}' is no field of an agent task.");
        }
    }
}
