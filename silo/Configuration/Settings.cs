using Crescent.Control.Placement;
using Crescent.Control.Planning;
using Crescent.Engine.Devices.Cpu;
using Crescent.Engine.Devices.Simulated;
using Crescent.Engine.Sampling.Grammars;
using Crescent.Engine.Scheduling;
using Crescent.Grains.Agents;
using Crescent.Grains.Contracts.Identity;
using Crescent.Grains.Kept;
using Crescent.Grains.Placement;
using Crescent.Grains.Planning;
using Crescent.Grains.Power;
using Crescent.Grains.Streams;
using Crescent.Silo.Hosting;

namespace Crescent.Silo.Configuration;

/// <summary>
/// All settings. Each has a command-line option and a configuration key; the command line goes before the environment
/// (<c>Crescent__Model</c>), and that before <c>appsettings.json</c> beside the executable.
/// </summary>
public static class Settings
{
    /// <summary>Section of the configuration that all keys stand in.</summary>
    public const string Section = "Crescent";

    public static readonly Setting Model = Define("--model", "Model", "path",
        "GGUF file to serve; hf:ORG/REPO or hf:ORG/REPO:QUANT for one of the Hugging Face Hub, which is brought once into ~/.crescent/models (docs/models.md); or sim:NAME on simulated "
        + "devices, such as sim:llama-3-70b-fp8. Default: the embedded model.");

    public static readonly Setting Offline = Setting.Flag("--offline", $"{Section}:Offline",
        "Never asks the Hugging Face Hub: hf:ORG/REPO is what was brought before (client pull). Default: it is asked for what is not there.");

    public static readonly Setting Silos = Define("--silos", "Silos", "count",
        $"Processes of the local cluster, 1 to {ClusterOptions.MaxSilos}: 1 does all in this process, more are one front end and the "
        + $"rest device silos. Default: {ClusterOptions.DefaultSilos}.");

    public static readonly Setting Restarts = Define("--restarts", "Restarts", "count",
        $"Restarts in a row after which a silo of the local cluster whose process ends is given up, up to {ClusterOptions.MaxRestarts}; 0 for none. The "
        + $"pause doubles from 2 s to 30 s, and a minute of serving makes the count begin anew. Default: {ClusterOptions.DefaultRestarts}.");

    public static readonly Setting Urls = Define("--urls", "Urls", "urls",
        $"Where the HTTP front end listens; several parted by ';', port 0 for any free one. Default: {HttpOptions.DefaultUrls}.");

    public static readonly Setting OpsUrls = Define("--ops-urls", "OpsUrls", "urls",
        "Addresses of their own for metrics, the state of the factory and what admins do; they are then on no other. Metrics and state need no key there. In a local "
        + "cluster the first device silo has the port above, and so on; a device silo by itself has these. Default: they are on --urls, and device silos have no HTTP.");

    public static readonly Setting AllowedHosts = Define("--allowed-hosts", "AllowedHosts", "names",
        "Host names that requests may name beside those of --urls, such as that of a proxy or a service; several parted by ';', *.example.com for all below it, "
        + "* for any. Default: none.");

    public static readonly Setting CorsOrigins = Define("--cors-origins", "CorsOrigins", "origins",
        "Web pages that may call from a browser, such as https://app.example.com; several parted by ';'; * for any, which needs --auth. Default: none.");

    public static readonly Setting Auth = new("--auth", $"{AuthOptions.Section}:{nameof(AuthOptions.Mode)}", "mode",
        $"Who may call the front end: none asks nobody, keys takes the keys of a file (client key add), jwt the tokens of an issuer ({JwtSettings.Section}). "
        + "none is taken on loopback addresses only. Default: none.");

    public static readonly Setting AuthKeys = new("--auth-keys", $"{AuthOptions.Section}:{nameof(AuthOptions.Keys)}", "path",
        $"Key file, read again when it changes. Default: {KeyFile.FileName} in ~/.crescent, and with jwt none.");

    public static readonly Setting Insecure = Setting.Flag("--insecure", $"{AuthOptions.Section}:{nameof(AuthOptions.Insecure)}",
        "Lets a front end that asks nobody listen where other machines can reach it. Default: it does not start.");

    public static readonly Setting Devices = Define("--devices", "Devices", "names",
        "Devices of each device silo: cpu, or cpu:0,cpu:1,… for several; GPUs of the machine, which its silos share out: cuda:N for GPU N, "
        + "cuda:N,M,… for one device of several, whose model they share out, cuda:all, or auto for all GPUs, one a device, and the "
        + "processor where there are none; or simulated devices of the whole cluster: sim:GPU[*COUNT][:tpN], "
        + "such as sim:h100-sxm*92:tp8. A device that serves a model of its own names it: cpu=PATH,cpu=PATH2 are two devices with a model each. "
        + $"Default: {ServingOptions.DefaultDevices}.");

    public static readonly Setting Models = Define("--models", "Models", "paths",
        "Further models that the cluster knows and a device may load on command: GGUF files, or NAME=FILE to give one a name, several parted by commas. Default: none.");

    public static readonly Setting Draft = Define("--draft", "Draft", "path",
        "Smaller model of the same vocabulary that guesses ahead, on processors and GPUs: GGUF file, or hf:ORG/REPO as --model has it; head for the model's own head for multi-token prediction. "
        + "It changes how fast tokens come and not which (docs/scheduling.md). Default: none.");

    public static readonly Setting DraftTokens = Define("--draft-tokens", "DraftTokens", "count",
        $"Most tokens that it guesses for a sequence in a step, 1 to {DraftModel.MaxTokens}, where a request does not say (speculative_tokens). Default: {DraftModel.DefaultTokens}.");

    public static readonly Setting Aliases = Define("--aliases", "Aliases", "names",
        "Further names of models in requests: ALIAS=MODEL, several parted by commas, such as gpt-4o-mini=crescent-tiny. Default: none.");

    public static readonly Setting Speed = Define("--speed", "Speed", "factor",
        $"How many times faster than the wall clock simulated devices run, above 0 and up to {ServingOptions.MaxSpeed}. Default: 1.");

    public static readonly Setting Threads = Define("--threads", "Threads", "count",
        $"Compute threads of each device silo, 1 to {ServingOptions.MaxThreads}. Default: the cores, shared among the device silos.");

    public static readonly Setting KvBlocks = Define("--kv-blocks", "KvBlocks", "count",
        $"KV blocks on each device, of 16 tokens on a CPU, {ServingOptions.MinKvBlocks} to {ServingOptions.MaxKvBlocks}. Default: the device's choice.");

    public static readonly Setting KvType = Define("--kv-type", "KvType", "type",
        $"How devices keep keys and values: {string.Join(", ", ServingOptions.KvTypes.Keys)}; q8_0 takes a little over half the memory of f16. "
        + $"Default: {ServingOptions.DefaultKvType}.");

    public static readonly Setting Activations = Define("--activations", "Activations", "type",
        $"What activations are rounded to for products with quantised weights: {string.Join(", ", ServingOptions.ActivationTypes.Keys)}; int16 is a "
        + $"hundred times more exact, and slower. It decides the answers: give all silos the same. Default: {ServingOptions.DefaultActivations}.");

    public static readonly Setting Instructions = Define("--instructions", "Instructions", "set",
        $"Instructions that the CPU device uses: {string.Join(", ", ServingOptions.InstructionSets.Keys)}. It decides the speed and not the answers, "
        + $"which have the same bits with all of them. Default: {ServingOptions.DefaultInstructions}, the fastest that the processor has.");

    public static readonly Setting KvHostMib = Define("--kv-host-mib", "KvHostMib", "MiB",
        $"Host tier of each device, up to {ServingOptions.MaxKvHostMib}: KV blocks that the device has no room for are kept there and copied "
        + "back when a prompt needs them. Default: 0, none.");

    public static readonly Setting KvHostFolder = Define("--kv-host-folder", "KvHostFolder", "path",
        "Folder to keep the host tier in, as one memory-mapped file for each device, removed at the stop; a cluster needs one of its own. "
        + "Default: memory.");

    public static readonly Setting StepTokens = Scheduling("--step-tokens", "StepTokens", "count",
        $"Most tokens of a step of a device, prompts and outputs together, {SchedulingOptions.MinStepTokens} to {SchedulingOptions.MaxStepTokens}. "
        + $"Default: {CpuDeviceOptions.DefaultMaxStepTokens}, {SimulatedDeviceOptions.DefaultMaxStepTokens} on simulated devices.");

    public static readonly Setting MaxRunning = Scheduling("--max-running", "MaxRunning", "count",
        $"Most sequences in the batch of a device, 1 to {SchedulingOptions.MaxMaxRunning}. Default: {EngineOptions.DefaultMaxRunning}, "
        + $"{SimulatedDevices.MaxRunning} on simulated devices.");

    public static readonly Setting MaxWaiting = Scheduling("--max-waiting", "MaxWaiting", "count",
        $"Most sequences that wait at a device, 1 to {SchedulingOptions.MaxMaxWaiting}; one more is refused. Default: {EngineOptions.DefaultMaxWaiting}, "
        + $"{SimulatedDevices.MaxWaiting} on simulated devices.");

    public static readonly Setting PromptShare = Scheduling("--prompt-share", "PromptShare", "share",
        $"Chunk limit: the part of a step's room for prompts that one prompt takes while others want some, {EngineOptions.MinPromptShare} to 1. "
        + $"Default: {EngineOptions.DefaultPromptShare}.");

    public static readonly Setting ItlMs = Scheduling("--itl-ms", "ItlMs", "ms",
        "Time between tokens that prompts leave to interactive and standard requests, up to "
        + $"{SchedulingOptions.MaxItlMs}; 0 for no promise. Default: {EngineOptions.DefaultItlSeconds * 1000}.");

    public static readonly Setting BatchItlMs = Scheduling("--batch-itl-ms", "BatchItlMs", "ms",
        $"The same for batch requests, up to {SchedulingOptions.MaxItlMs}; 0 for no promise. Default: {EngineOptions.DefaultBatchItlSeconds * 1000}.");

    public static readonly Setting AgingSeconds = Scheduling("--aging-seconds", "AgingSeconds", "seconds",
        $"Waiting time that lifts a request by one class, {SchedulingOptions.MinAgingSeconds} to {SchedulingOptions.MaxAgingSeconds}; also what a prompt that is "
        + $"all in memory is put forward by among its tenant's. Default: {EngineOptions.DefaultAging.TotalSeconds}.");

    public static readonly Setting QueueOrder = Scheduling("--queue-order", "QueueOrder", "name",
        "Which of a tenant's calls of one class goes first: program (that of the program which was given least lately) or fcfs (the one that has waited longest). "
        + "Default: program.");

    public static readonly Setting KeepPrograms = Scheduling("--keep-programs", "KeepPrograms", "bool",
        "Whether what a program has left in the prefix cache is evicted after other content while its next call is expected. Default: true.");

    public static readonly Setting HoldBatch = Scheduling("--hold-batch", "HoldBatch", "bool",
        "Whether batch calls of programs whose context is not in memory are held between two steps while KV memory or watts are short. Default: true.");

    public static readonly Setting HoldSeconds = Scheduling("--hold-seconds", "HoldSeconds", "seconds",
        $"A call is held no longer than this, {SchedulingOptions.MinHoldSeconds} to {SchedulingOptions.MaxHoldSeconds}. Default: {EngineOptions.DefaultLongestHold.TotalSeconds}.");

    public static readonly Setting PrefixCache = Scheduling("--prefix-cache", "PrefixCache", "bool",
        "Whether KV blocks are kept by their content for later prompts that begin alike. Default: true.");

    public static readonly Setting Watermark = Scheduling("--kv-watermark", "Watermark", "share",
        $"Share of a device's KV blocks that a new sequence leaves free for those that run, 0 to {EngineOptions.MaxWatermark}. Default: "
        + $"{EngineOptions.DefaultWatermark}. Weights of tenants stand in {SchedulingOptions.Section}:Tenants:NAME.");

    public static readonly Setting Mcp = Define("--mcp", "Mcp", "path",
        "File of MCP servers whose tools agents may call, as {\"mcpServers\": {NAME: {\"command\": …} or {\"url\": …}}}, each with \"allow\": the names of the tools that are "
        + "there (docs/agents.md). Default: none.");

    public static readonly Setting HttpGetHosts = Define("--http-get-hosts", "HttpGetHosts", "hosts",
        "Hosts that the agents' tool http-get may read, such as docs.example.com; several parted by ';', *.example.com for all below it, HOST:PORT for other ports than 80 "
        + "and 443. Never private addresses. Default: none, and no such tool.");

    public static readonly Setting Drill = Define("--drill", "Drill", "path",
        "File that makes devices sick on command, to see what the cluster makes of it; read while it runs. Lines: SILO/DEVICE fail N (each N-th step fails), "
        + "or SILO/DEVICE hang. Default: none.");

    public static readonly Setting PowerMeter = Define("--power-meter", "PowerMeter", "source",
        $"Where watts and joules come from: {string.Join(", ", PowerMeters.Names)}. A meter that is named must be there; auto takes the device's own "
        + "where it answers and models the rest. Default: auto.");

    public static readonly Setting PowerBudget = new("--power-budget", $"{PowerOptions.Section}:Budget", "power",
        "Most power of all devices together: watts, such as 700kW, or a share of their nameplate, such as 0.7; racks, nodes and devices "
        + $"have theirs in {PowerOptions.Section}:Racks, :Nodes and :Devices. Default: none.");

    public static readonly Setting Planner = new("--planner", $"{PlannerOptions.Section}:{nameof(PlannerOptions.Mode)}", "mode",
        $"What is done about the number of device silos, by load, promise and power budget: {string.Join(", ", PlannerOptions.Modes.Keys)}; dry-run tells (client planner) and changes "
        + $"nothing. Its bounds stand in {PlannerOptions.Section} (docs/operations.md). Default: {PlannerOptions.DefaultMode}.");

    public static readonly Setting PlannerSet = new("--planner-set", $"{PlannerOptions.Section}:{nameof(PlannerOptions.Set)}", "name",
        "StatefulSet of Kubernetes that has the device silos, in the namespace of the pod. Default: none; every silo with devices counts.");

    public static readonly Setting PlannerFewest = new("--planner-fewest", $"{PlannerOptions.Section}:{nameof(PlannerOptions.Fewest)}", "count",
        $"Fewest device silos that a planner leaves, 1 to {PlannerOptions.MaxReplicas}. Default: {PlannerBounds.DefaultFewest}.");

    public static readonly Setting PlannerMost = new("--planner-most", $"{PlannerOptions.Section}:{nameof(PlannerOptions.Most)}", "count",
        $"Most device silos that it asks for, up to {PlannerOptions.MaxReplicas}. Default: {PlannerBounds.DefaultMost}.");

    public static readonly Setting Node = new("--node", $"{Section}:Silo:Node", "name",
        "Node that the devices of a silo stand in, for power budgets. Default: the silo's name; simulated GPUs stand by eights.");

    public static readonly Setting Rack = new("--rack", $"{Section}:Silo:Rack", "name",
        "Rack that they stand in. Default: none; simulated nodes stand by fours.");

    public static readonly Setting Policy = new("--policy", $"{PlacementOptions.Section}:Policy", "name",
        $"Placement policy: {string.Join(", ", PlacementPolicies.Names)}. Default: {PlacementOptions.DefaultPolicy}.");

    public static readonly Setting MaxBody = Define("--max-body-bytes", "MaxBodyBytes", "bytes",
        $"Longest request body, {HttpOptions.MinMaxBodyBytes} to {HttpOptions.MaxMaxBodyBytes}. Default: {HttpOptions.DefaultMaxBodyBytes}.");

    public static readonly Setting WorkMib = Define("--work-mib", "WorkMib", "MiB",
        $"Bytes of all requests together that are read and made into prompts at once, up to {HttpOptions.MaxWorkMib}, at least twice the longest body; more "
        + $"get 429. Default: {HttpOptions.DefaultWorkMib}.");

    public static readonly Setting MaxRequests = Define("--max-requests", "MaxRequests", "count",
        $"Completions in flight at once, 1 to {HttpOptions.MaxMaxRequests}; more get 429. Default: {HttpOptions.DefaultMaxRequests}.");

    public static readonly Setting RequestSeconds = Define("--request-seconds", "RequestSeconds", "seconds",
        $"Time a completion may take in all, 1 to {HttpOptions.MaxRequestSeconds}. Default: {HttpOptions.DefaultRequestSeconds}.");

    public static readonly Setting WarmUpSeconds = Define("--warm-up-seconds", "WarmUpSeconds", "seconds",
        $"Time that the requests may take which a front end sends to itself before it is ready, so that the first of a user is as fast as the tenth; 0 for "
        + $"none, up to {HttpOptions.MaxWarmUpSeconds}. Default: {HttpOptions.DefaultWarmUpSeconds}.");

    public static readonly Setting Strategies = new("--strategies", $"{AgentOptions.Section}:{nameof(AgentOptions.Strategies)}", "paths",
        "Files with strategies of agents of one's own, several parted by commas (docs/agents.md). Default: none.");

    public static readonly Setting DrainSeconds = new("--drain-seconds", $"{GenerationOptions.Section}:DrainSeconds", "seconds",
        $"Time that what is in flight gets to end at a stop, {GenerationOptions.MinDrainSeconds} to {GenerationOptions.MaxDrainSeconds}. Default: {GenerationOptions.DefaultDrainSeconds}.");

    public static readonly Setting KeptSeconds = new("--kept-seconds", $"{KeptOptions.Section}:{nameof(KeptOptions.Seconds)}", "seconds",
        $"Time after its end in which an answer is given again to whoever sends the same request with the same Idempotency-Key, 0 to {KeptOptions.MaxSeconds}. "
        + $"Default: {KeptOptions.DefaultSeconds}.");

    public static readonly Setting KeptAloneSeconds = new("--kept-alone-seconds", $"{KeptOptions.Section}:{nameof(KeptOptions.AloneSeconds)}", "seconds",
        $"Time for which such an answer is still made when nobody reads it any more, 0 to {KeptOptions.MaxAloneSeconds}. Default: {KeptOptions.DefaultAloneSeconds}.");

    public static readonly Setting KeptMib = new("--kept-mib", $"{KeptOptions.Section}:{nameof(KeptOptions.Mib)}", "MiB",
        $"Memory of each silo for such answers, up to {KeptOptions.MaxMib}; those that ended first go first, and while all are under way more get 429. "
        + $"Default: {KeptOptions.DefaultMib}.");

    public static readonly Setting GrammarMib = Define("--grammar-mib", "GrammarMib", "MiB",
        $"Memory for structured output in each silo, {GrammarOptions.MinGrammarMib} to {GrammarOptions.MaxGrammarMib}: half for compiled grammars, "
        + $"half for states and masks; one grammar takes a quarter of each at most. Default: {GrammarOptions.DefaultGrammarMib}.");

    public static readonly Setting GrammarStates = Define("--grammar-states", "GrammarStates", "count",
        $"States of one compiled grammar, {GrammarLimits.LeastMaxStates} to {GrammarLimits.MostMaxStates}; a larger one gets 400. "
        + $"Default: {GrammarLimits.DefaultMaxStates}.");

    public static readonly Setting GrammarSeconds = Define("--grammar-seconds", "GrammarSeconds", "seconds",
        $"Time that compiling one grammar may take, {GrammarOptions.MinGrammarSeconds} to {GrammarOptions.MaxGrammarSeconds}; one that takes longer gets 400. "
        + $"The silo of the device has {GrammarLimits.TakenTime} times as long. Default: {GrammarLimits.DefaultCompileTime.TotalSeconds}.");

    public static readonly Setting GrammarWork = Define("--grammar-work", "GrammarWork", "steps",
        $"Steps that finding the tokens allowed at one point of a text may take, {GrammarLimits.LeastMaxMaskWork} to {GrammarOptions.MaxGrammarWork}; a million are some 25 ms. "
        + $"Beyond it the structure is too ambiguous and the request ends. Default: {GrammarLimits.DefaultMaxMaskWork}.");

    public static readonly Setting Role = Define("--role", "Role", "role",
        "Runs one silo of this role (front, device or all) in this process, which joins the cluster that --cluster-id names, "
        + "without it the newest on this machine; an 'all' without it is a cluster of its own.");

    public static readonly Setting Name = Define("--name", "Name", "name",
        "Name of that silo, unique in its cluster. Default: the role and the process id.");

    public static readonly Setting ClusterId = Define("--cluster-id", "ClusterId", "id",
        "The run of the cluster; with --store redis or postgres what its silos find one another by. Default: a fresh one, and with such a store and --role crescent.");

    public static readonly Setting ServiceId = Define("--service-id", "ServiceId", "id",
        "Names the state that the cluster keeps, such as agents' tasks, for clusters that come after it. Default: crescent.");

    public static readonly Setting Store = Define("--store", "Store", "kind",
        "What keeps membership and the state of agents: file, for silos of one machine; redis or postgres, for those of several (docs/operations.md). Default: file.");

    public static readonly Setting StoreConnection = Define("--store-connection", "StoreConnection", "text",
        "How to reach it: localhost:6379,password=… for redis, Host=…;Username=…;Password=… for postgres. Everybody on the machine can read a command line: give passwords "
        + "in the environment (Crescent__StoreConnection) or in a file.");

    public static readonly Setting StoreConnectionFile = Define("--store-connection-file", "StoreConnectionFile", "path",
        "File that holds the same, such as a mounted secret.");

    public static readonly Setting Data = Define("--data", "Data", "path",
        "Folder that keeps the state of a local cluster, such as agents' tasks, beyond its run; a cluster that is started with it goes on with them. Default: it goes with the run.");

    public static readonly Setting Advertise = Define("--advertise", "Advertise", "address",
        "Address or name at which silos of other machines reach this one, or auto for the machine's own; with --role. Silos show certificates then (--tls-cert), or --insecure says that "
        + "whoever reaches the port may be one. Default: the loopback address.");

    public static readonly Setting TlsCert = Define("--tls-cert", "TlsCert", "path",
        "Certificate of this silo for others, PEM, read again when it changes. Default: none, and no TLS.");

    public static readonly Setting TlsKey = Define("--tls-key", "TlsKey", "path", "Its private key, PEM.");

    public static readonly Setting TlsCa = Define("--tls-ca", "TlsCa", "path", "Authorities whose certificates make a silo of this cluster, PEM.");

    public static readonly Setting MembershipFile = Define("--membership-file", "MembershipFile", "path",
        "Membership table that its silos share. Default: the one in the run folder of the cluster.");

    public static readonly Setting SiloPort = Define("--silo-port", "SiloPort", "port",
        "Port of that silo for other silos, on 127.0.0.1 or where --advertise says. Default: any free one.");

    public static readonly Setting GatewayPort = Define("--gateway-port", "GatewayPort", "port",
        "Port of that silo for clients over Orleans, on 127.0.0.1; a front end has none. Default: any free one.");

    public static readonly Setting LogLevel = Define("--log-level", "LogLevel", "level",
        "Least level of Crescent's own log: trace, debug, information, warning, error, critical or none. Default: information.");

    public static readonly Setting LogFormat = Define("--log-format", "LogFormat", "format",
        "Form of the log: text, a line for people; or json, an object a line with the ids of request and trace. Default: text.");

    public static readonly Setting OtlpEndpoint = Define("--otlp-endpoint", "OtlpEndpoint", "url",
        "Where traces, metrics and the log go by OpenTelemetry's protocol, such as http://collector:4317. By gRPC; by HTTP (port 4318) where OTEL_EXPORTER_OTLP_PROTOCOL is http/protobuf. "
        + "Default: OTEL_EXPORTER_OTLP_ENDPOINT, without it nowhere.");

    public static readonly Setting TraceFolder = Define("--trace-folder", "TraceFolder", "path",
        "Folder in which each silo keeps its traces, for the console's `trace` (docs/operations.md). Default: none.");

    public static readonly Setting TraceSample = Define("--trace-sample", "TraceSample", "share",
        "Share of the requests that are traced, 0 to 1; those that come with a traceparent as that says. Default: what OTEL_TRACES_SAMPLER says, without it 1.");

    public static readonly Setting DeviceShare = new("--device-share", $"{Section}:DeviceShare", "index/of",
        "Which of the cluster's simulated devices, or of the machine's GPUs, that silo owns. Default: all.", Hidden: true);

    public static readonly Setting Supervised = new("--supervised", $"{Section}:Supervised", "bool",
        "Runs until standard input ends.", Hidden: true);

    /// <summary>In the order of the help.</summary>
    public static readonly IReadOnlyList<Setting> All =
    [
        Model, Offline, Silos, Restarts, Urls, OpsUrls, AllowedHosts, CorsOrigins, Auth, AuthKeys, Insecure, Devices, Models, Draft, DraftTokens, Aliases, Speed, Threads, KvBlocks, KvType, Activations, Instructions, KvHostMib, KvHostFolder,
        StepTokens, MaxRunning, MaxWaiting, PromptShare, ItlMs, BatchItlMs, AgingSeconds, QueueOrder, KeepPrograms, HoldBatch, HoldSeconds, PrefixCache, Watermark, Mcp, HttpGetHosts, Drill, PowerMeter, PowerBudget, Planner, PlannerSet, PlannerFewest, PlannerMost, Policy, MaxBody, WorkMib, MaxRequests, RequestSeconds, WarmUpSeconds, DrainSeconds,
        KeptSeconds, KeptAloneSeconds, KeptMib, Strategies,
        GrammarMib, GrammarStates, GrammarSeconds, GrammarWork,
        Role, Name, ClusterId, ServiceId, Store, StoreConnection, StoreConnectionFile, Data, MembershipFile, Advertise, SiloPort, GatewayPort, TlsCert, TlsKey, TlsCa, Node, Rack, LogLevel, LogFormat, OtlpEndpoint, TraceFolder, TraceSample, DeviceShare, Supervised,
    ];

    /// <summary>The configuration of this process.</summary>
    /// <param name="commandLine">What the command line sets, by key.</param>
    public static IConfigurationRoot Load(IEnumerable<KeyValuePair<string, string?>> commandLine) => new ConfigurationBuilder()
        .SetBasePath(AppContext.BaseDirectory)
        .AddJsonFile("appsettings.json", optional: true, reloadOnChange: false)
        .AddEnvironmentVariables()
        .AddInMemoryCollection(commandLine)
        .Build();

    /// <summary>Options read from <paramref name="configuration"/> and checked.</summary>
    /// <exception cref="StartException">A setting is wrong.</exception>
    public static T Read<T>(IConfiguration configuration) where T : class, IChecked, new()
    {
        var options = Bind<T>(configuration, Section);
        var problems = options.Problems().ToList();
        return problems.Count == 0 ? options : throw new StartException(string.Join(Environment.NewLine, problems));
    }

    /// <summary>Options read from a section of <paramref name="configuration"/>, whatever their values.</summary>
    /// <exception cref="StartException">A value is not of its type.</exception>
    public static T Bind<T>(IConfiguration configuration, string section) where T : class, new()
    {
        var options = new T();
        try
        {
            configuration.GetSection(section).Bind(options);
            return options;
        }
        catch (InvalidOperationException e)
        {
            // The binder's message names the key and the value; which values an enumeration takes stands in the help.
            throw new StartException($"{e.Message} See --help.", e);
        }
    }

    /// <summary>The sentence for a value that a setting does not take.</summary>
    internal static string OutOfRange(Setting setting, object value, string allowed) => $"{setting} is '{value}'; it takes {allowed}.";

    private static Setting Scheduling(string option, string key, string argument, string description) =>
        new(option, $"{SchedulingOptions.Section}:{key}", argument, description);

    private static Setting Define(string option, string key, string argument, string description) =>
        new(option, $"{Section}:{key}", argument, description);
}
