using System.Runtime.CompilerServices;
using Crescent.Client.Connections;
using Crescent.Grains.Contracts.Chat;
using Crescent.Grains.Contracts.Factory;
using Crescent.Grains.Contracts.Planning;
using Crescent.Grains.Contracts.Power;
using Crescent.Sdk;
using Microsoft.Extensions.AI;

namespace Crescent.Tests.Client;

/// <summary>A factory that answers as it is told.</summary>
internal sealed class FakeFactory : IFactoryConnection
{
    public static ChatUsage Usage { get; } = new()
    {
        PromptTokens = 12,
        CompletionTokens = 5,
        QueueSeconds = .001,
        PrefillSeconds = .02,
        DecodeSeconds = .2,
        Joules = 1.5,
        Device = "device-1/cpu",
    };

    public static FactorySnapshot Snapshot { get; } = new(
        "run-7",
        "Crescent Tiny",
        "power-aware",
        [
            new SiloSnapshot("front", "127.0.0.1:11000", "front", "Active"),
            new SiloSnapshot("device-1", "127.0.0.1:11001", "device", "Active"),
            new SiloSnapshot("device-2", "127.0.0.1:11002", "device", "Dead"),
        ],
        [
            Device("device-1") with { Waiting = 3, Running = 8, FreeBlocks = 384, TotalBlocks = 512, TokensPerSecond = 312.44, Watts = 35.2, CapWatts = 65, AgeSeconds = .12 },
            Device("device-2") with { Draining = true, AgeSeconds = 9, WattsSource = "rapl" },
        ]);

    /// <summary>Gives the answer to a call.</summary>
    public Func<Asked, CancellationToken, IAsyncEnumerable<ChatResponseUpdate>> Answer { get; set; } = (_, _) => Words("23 + 48", " = 71");

    public Func<FactorySnapshot> State { get; set; } = () => Snapshot;

    public PowerSnapshot Power { get; set; } = new()
    {
        Budgets = new PowerBudgetSettings { ClusterShare = 0.7, Racks = new Dictionary<string, double> { ["r1"] = 900 } },
        NameplateWatts = 2100,
        Watts = 1210.4,
        CapWatts = 1468,
        Simulated = true,
        Governor = "device-1",
        Controller = "uniform-cap",
        AgeSeconds = 0.2,
        Levels = [new PowerLevelSnapshot { Kind = "cluster", BudgetWatts = 1470, Watts = 1210.4, CapWatts = 1468, LeastWatts = 600, Price = 0.25, Action = "defer_batch" }],
        DeferBatch = true,
        Events = [new PowerEventSnapshot(new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.Zero), "defer_batch", "cluster", 1600, 1470)],
    };

    public List<Asked> Calls { get; } = [];

    /// <summary>Its agent tasks.</summary>
    public FakeAgents Tasks { get; } = new();

    public IAgentConnection Agents => Tasks;

    public List<ConnectionSettings> Connected { get; } = [];

    public int Disposals { get; private set; }

    public Task<IFactoryConnection> Connect(ConnectionSettings settings, CancellationToken cancellationToken)
    {
        Connected.Add(settings);
        return Task.FromResult<IFactoryConnection>(this);
    }

    public IAsyncEnumerable<ChatResponseUpdate> Chat(IEnumerable<ChatMessage> messages, ChatOptions options, CancellationToken cancellationToken)
    {
        var call = new Asked(ChatTurns.Of(messages, null).ToJsonString(), options);
        Calls.Add(call);
        return Answer(call, cancellationToken);
    }

    /// <summary>Two devices that are open and one that drains; the second was chosen.</summary>
    public static DecisionAnswer Decisions { get; } = new(
        [
            new PlacementDecisionReport
            {
                RequestId = "chatcmpl-7",
                Attempt = 1,
                At = new DateTimeOffset(2026, 11, 24, 12, 0, 0, TimeSpan.Zero),
                Silo = "front",
                Policy = "power-aware",
                Terms = ["first term / s", "second term / J"],
                PromptTokens = 120,
                MaxTokens = 64,
                ExpectedTokens = 40,
                Chosen = "device-2/cpu",
                Taken = "device-2/cpu",
                Candidates =
                [
                    Candidate("device-1/cpu", 2, 0.5),
                    Candidate("device-2/cpu", 0.25, 0.5) with { CachedTokens = 96 },
                    Candidate("device-3/cpu", 0, 0) with { Gate = "Draining" },
                ],
            },
        ],
        []);

    public List<string> Explained { get; } = [];

    public DecisionAnswer Explanation { get; set; } = Decisions;

    private static DecisionCandidate Candidate(string device, double first, double second) => new()
    {
        Device = device,
        Gate = "Open",
        Terms = [first, second],
        Score = first + second,
        TtftSeconds = 0.125,
        ItlSeconds = 0.02,
        Joules = 7.5,
        Watts = 30,
    };

    public Task<DecisionAnswer> GetDecisions(string requestId, CancellationToken cancellationToken)
    {
        Explained.Add(requestId);
        return Task.FromResult(Explanation);
    }

    public PlannerSnapshot Plan { get; set; } = new();

    public Task<PlannerSnapshot> GetPlan(CancellationToken cancellationToken) => Task.FromResult(Plan);

    public Task<FactorySnapshot> GetFactory(CancellationToken cancellationToken) => Task.FromResult(State());

    public List<(string Device, bool Drained)> Drained { get; } = [];

    public Task Drain(string device, bool drained, CancellationToken cancellationToken)
    {
        Drained.Add((device, drained));
        return Task.CompletedTask;
    }

    public List<(string Device, string Model, double DrainSeconds)> Loaded { get; } = [];

    public Task LoadModel(string device, string model, double drainSeconds, CancellationToken cancellationToken)
    {
        Loaded.Add((device, model, drainSeconds));
        return Task.CompletedTask;
    }

    public Task<PowerSnapshot> GetPower(CancellationToken cancellationToken) => Task.FromResult(Power);

    public Task<PowerSnapshot> SetBudgets(PowerBudgetSettings budgets, CancellationToken cancellationToken)
    {
        Power = Power with { Budgets = budgets, Version = Power.Version + 1 };
        return Task.FromResult(Power);
    }

    public ValueTask DisposeAsync()
    {
        Disposals++;
        return ValueTask.CompletedTask;
    }

    /// <summary>An answer of these pieces that ends with <c>stop</c>.</summary>
    public static async IAsyncEnumerable<ChatResponseUpdate> Words(params string[] pieces)
    {
        var updates = new ChatUpdates();
        foreach (var piece in pieces)
        {
            await Task.Yield();
            yield return updates.Text(piece);
        }

        yield return updates.End("stop");
        yield return updates.Usage(new UsageDetails { InputTokenCount = Usage.PromptTokens, OutputTokenCount = Usage.CompletionTokens }, Usage);
    }

    /// <summary>An answer that fails after these pieces.</summary>
    public static async IAsyncEnumerable<ChatResponseUpdate> Fail(Exception failure, params string[] pieces)
    {
        foreach (var piece in pieces)
        {
            await Task.Yield();
            yield return new ChatUpdates().Text(piece);
        }

        throw failure;
    }

    /// <summary>An answer that says one word and then nothing more until it is cancelled.</summary>
    public static async IAsyncEnumerable<ChatResponseUpdate> Stall(string word, Action stalled, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        yield return new ChatUpdates().Text(word);
        stalled();
        await Task.Delay(System.Threading.Timeout.Infinite, cancellationToken);
    }

    /// <summary>A call.</summary>
    /// <param name="Messages">In OpenAI's form.</param>
    /// <param name="Options">What else is asked for.</param>
    internal sealed record Asked(string Messages, ChatOptions Options);

    private static DeviceSnapshot Device(string silo) => new() { Silo = silo, Device = "cpu", Description = "a processor", Model = "Crescent Tiny" };
}
