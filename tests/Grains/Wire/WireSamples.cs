using System.Net;
using System.Reflection;
using Crescent.Engine.Devices;
using Crescent.Engine.Kv;
using Crescent.Engine.Sampling.Grammars;
using Crescent.Engine.Sampling;
using Crescent.Engine.Scheduling;
using Crescent.Grains.Contracts.Agents;
using Crescent.Grains.Contracts.Chat;
using Crescent.Grains.Contracts.Power;
using Crescent.Grains.Frames;
using Crescent.Grains.Gpu;
using Crescent.Grains.Kept;
using Crescent.Grains.Kv;
using Crescent.Grains.Placement;
using Crescent.Grains.Storage;
using Crescent.Grains.Telemetry;
using Crescent.Grains.Turns;
using Crescent.Tests.Grains.Frames;
using Orleans.Serialization;

namespace Crescent.Tests.Grains.Wire;

/// <summary>A message of each kind, with a value in every member that matters.</summary>
internal static class WireSamples
{
    private static readonly SiloAddress Silo = SiloAddress.New(IPAddress.Loopback, 20_001, 7);
    private static readonly StreamTicket Ticket = new((1L << 60) | (5L << 8), 2);

    private static readonly SamplingParameters Sampling = new()
    {
        Temperature = 0.7f,
        TopP = 0.9f,
        Seed = 42,
        TopLogprobs = 3,
        MinTokens = 4,
        LogitBias = new Dictionary<int, float> { [5] = -100 },
        RepetitionPenalty = 1.1f,
        FrequencyPenalty = 0.2f,
        PresencePenalty = 0.3f,
        MinP = 0.05f,
        TopK = 40,
        Structure = new OutputStructure(GrammarSource.JsonSchema("{}") with { Before = "a", After = "b" }, "<tool_call>"),
    };

    private static readonly DeviceProfile Profile = new()
    {
        StepSeconds = 0.01,
        SequenceSeconds = 0.001,
        ContextSeconds = 1e-6,
        PromptSeconds = 1e-4,
        PromptPairSeconds = 1e-9,
        ClockShare = 0.5,
        IdleWatts = 60,
        AwakeWatts = 90,
        StaticWatts = 80,
        DecodeBaseWatts = 200,
        DecodeSpanWatts = 300,
        DecodeMidpoint = 16,
        PrefillWatts = 650,
        MinCapWatts = 200,
        MaxCapWatts = 700,
    };

    private static readonly DeviceReport Device = new()
    {
        Device = "gpu",
        Description = "a GPU",
        Model = "model",
        BlockSize = 32,
        TotalBlocks = 4096,
        MaxContext = 8192,
        MaxStepTokens = 512,
        Waiting = 2,
        Running = 3,
        QueuedPromptTokens = 99,
        FreeBlocks = 1000,
        Watts = 400,
        WattsSource = "nvml",
        CapWatts = 650,
        OutputTokens = 12_345,
        Node = "node",
        Rack = "rack",
        OutOfService = true,
        Draining = true,
        Fairness = 0.75,
        Profile = Profile,
    };

    private static readonly AgentStepView Step = new()
    {
        Id = "think-0",
        Label = "round 1",
        State = "done",
        Text = "Answer: 24",
        PromptTokens = 30,
        CachedTokens = 16,
        OutputTokens = 12,
        Seconds = 1.5,
        Joules = 2.5,
        Device = "silo/gpu",
    };

    private static readonly AgentApproval Approval = new("tool-0-0", "calculator", "{}", "abc");

    // Without its lists: they have the name of their form in them, with a hash that each process salts.
    private static readonly AgentView Task = new()
    {
        Id = "agent-1",
        State = "waiting_for_approval",
        Strategy = "react",
        Model = "model",
        Problem = "What is 12 + 12?",
        Tenant = "tenant",
        Answer = "24",
        Text = "Answer: 24",
        Confidence = 0.75,
        Cause = "budget",
        Bill = new AgentBill
        {
            Calls = 2,
            ToolCalls = 1,
            PromptTokens = 30,
            CachedTokens = 16,
            OutputTokens = 12,
            StepSeconds = 1.5,
            Joules = 2.5,
            Lost = new AgentLoss { Attempts = 1, PromptTokens = 15, OutputTokens = 3, Joules = 0.5 },
        },
        Submitted = DateTimeOffset.UnixEpoch,
        Ended = DateTimeOffset.UnixEpoch.AddSeconds(3),
        Silo = "front",
    };

    private static readonly PowerBudgetSettings Budgets = new() { ClusterWatts = 5000 };

    /// <summary>By the names of their files.</summary>
    public static IReadOnlyDictionary<string, object> All { get; } = new Dictionary<string, object>
    {
        ["submission"] = new Submission
        {
            Request = new InferenceRequest
            {
                Id = Ticket.Value,
                RequestId = "chatcmpl-1",
                Model = "model",
                Adapter = "adapter",
                Prompt = [1, 2, 3],
                ResumedTokens = 1,
                MaxTokens = 9,
                Sampling = Sampling,
                StopStrings = ["stop"],
                StopTokens = [7],
                IgnoreEndOfGeneration = true,
                Priority = RequestPriority.Interactive,
                Tenant = "tenant",
                Task = "task",
                Program = "program",
                CacheSalt = "salt",
                Deadline = TimeSpan.FromSeconds(3),
                SpeculativeTokens = 2,
                DraftTokens = 3,
                WantsEmbedding = true,
            },
            Prefer = "silo/gpu",
            CachedTokens = 2,
            Front = Silo,
            Observer = null!,
        },
        ["prompt-prefix"] = new PromptPrefix([(new KvRoot("model", "f16", new KvBlockSize(32)), [new BlockHash(new UInt128(1, 2)), new BlockHash(3)])]),
        ["submission-reply"] = new SubmissionReply
        {
            Device = "silo/gpu",
            Owner = Silo,
            Refusal = new Refusal(RefusalReason.Unavailable, "why", TimeSpan.FromSeconds(2)),
            ReportSequence = 8,
        },
        ["missing-reply"] = new MissingReply([1, 2], 3),
        ["absent-device"] = new AbsentDevice
        {
            Key = "silo/gpu",
            Node = "n",
            Rack = "r",
            SecondsAgo = 1.5,
            CapWatts = 300,
            MinCapWatts = 200,
            MaxCapWatts = 700,
            Incarnation = 4,
            CapTerm = 5,
            CapNumber = 6,
        },
        ["kv-dump-page"] = new KvDumpPage { Dump = 1, Epoch = 2, LastId = 3, Total = 4, Hashes = [5, 6] },
        ["cap-command"] = new CapCommand(500, 1, 2, 3, true),
        ["placement-needs"] = new PlacementNeeds
        {
            Stream = Ticket.Stream,
            PromptTokens = 30,
            MaxTokens = 20,
            Avoid = ["silo/gpu", "other/gpu"],
            Prefer = "third/gpu",
            ExpectedTokens = 12.5,
            Priority = RequestPriority.Batch,
            RequestId = "cmpl-1",
            Attempt = 2,
            MayShed = true,
            Cause = "lost",
            Model = "model",
        },
        ["silo-report"] = new SiloReport
        {
            Silo = Silo,
            Name = "device-1",
            Role = "device",
            Sequence = 77,
            Draining = true,
            Devices = [Device],
            Budgets = new BudgetBook { Version = 2, SetAt = 3, Budgets = Budgets },
            Power = new GovernorReport { Term = 1, Look = 2, Governor = "front", Controller = "power-aware", DeferBatch = true, Drain = ["silo/gpu"], HasBudgets = true },
        },
        ["kv-events"] = new KvEventMessage
        {
            Silo = Silo,
            Device = "silo/gpu",
            Model = "model",
            KvType = "f16",
            Epoch = 5,
            FirstId = 6,
            Events = [1, 2, 3],
            BlockSize = 64,
            HasStates = true,
            Windows = [1, 128, 0, 3, 0, 8192],
        },
        ["kv-receipt"] = new KvReceipt(9),
        ["token-frame"] = new TokenFrame(
            "silo/gpu",
            123_456_789,
            3,
            Records.Frame(
                Ticket,
                Records.Output(0, 7, "grün") with { Logprobs = new TokenLogprobs(-0.5f, [7, 8], [-0.5f, -1.5f]) },
                Records.Output(1, 8, "", FinishReason.Stop),
                Records.Output(2, -1, "", FinishReason.Length),
                Records.Output(3, -1, "", FinishReason.Cancelled),
                Records.Output(4, -1, "", FinishReason.Deadline, "late"),
                Records.Output(5, -1, "", FinishReason.Refused, "refused"),
                Records.Output(6, -1, "", FinishReason.Error, "failed"),
                Records.Output(0, -1, "", FinishReason.Stop) with { Embedding = [1, -2] }).Written.ToArray()),
        ["stored-turn"] = new StoredTurn { Id = "resp_2", Previous = "resp_1", Input = "[]"u8.ToArray(), Answer = "{}"u8.ToArray() },
        ["kept-start"] = new KeptStart
        {
            Ask = new KeptAsk { Key = "key", Body = [1, 2], Asker = "front" },
            Claim = 3,
            Head = new KeptHead { Id = "chatcmpl-1", Created = 4, Epoch = 5 },
            Calls = [new InferenceRequest { RequestId = "chatcmpl-1", Prompt = [1, 2, 3], MaxTokens = 9, Sampling = Sampling }],
            Deadline = TimeSpan.FromSeconds(6),
            Records = [7, 8],
        },
        ["kept-reply"] = new KeptReply { State = KeptState.There, Home = "device-1", Claim = 3, Head = new KeptHead { Id = "chatcmpl-1", Created = 4, Epoch = 5 } },
        ["kept-read"] = new KeptRead { Key = "key", Epoch = 5, Offset = 6, IsWanted = true },
        ["kept-page"] = new KeptPage
        {
            IsKnown = true,
            Records = [7, 8],
            HasEnded = true,
            Failure = new KeptFailure { Kind = KeptFailure.Cause.Refused, Message = "why", Refusal = new Refusal(RefusalReason.Unavailable, "why", TimeSpan.FromSeconds(2)) },
            Bills = [new ChatUsage { PromptTokens = 1, CompletionTokens = 2, Joules = 3.5 }],
        },
        ["frame-receipt"] = new FrameReceipt([Ticket.Value]),
        ["agent-view"] = Task,
        ["agent-bill"] = Task.Bill,
        ["agent-step"] = Step,
        ["agent-approval"] = Approval,
        ["agent-listing"] = new AgentListing
        {
            Id = "agent-1",
            State = "done",
            Strategy = "react",
            Problem = "What is 12 + 12?",
            Tenant = "tenant",
            Answer = "24",
            Submitted = DateTimeOffset.UnixEpoch,
            Ended = DateTimeOffset.UnixEpoch.AddSeconds(3),
            Tokens = 42,
            Joules = 2.5,
        },
        ["agent-event"] = new AgentEvent { Number = 7, Kind = "vote", Json = "{}" },
        ["agent-refused"] = new AgentRefusedException("hash", "It was approved.", TimeSpan.FromSeconds(2)),
        ["stored-document"] = new StoredDocument { Json = "{\"version\":1}" },
        ["chat-chunk"] = new ChatChunk { Text = "text", FinishReason = "stop", Usage = new ChatUsage { PromptTokens = 1, CompletionTokens = 2, Joules = 3.5 } },
    };

    /// <summary>The sample's bytes, as a member or an argument of its type has them.</summary>
    public static byte[] Write(Serializer serializer, object sample) => (byte[])Call(nameof(WriteAs), sample.GetType(), serializer, sample);

    public static object Read(Serializer serializer, Type type, byte[] bytes) => Call(nameof(ReadAs), type, serializer, bytes);

    private static object Call(string method, Type type, params object[] arguments) => typeof(WireSamples)
        .GetMethod(method, BindingFlags.NonPublic | BindingFlags.Static)!.MakeGenericMethod(type).Invoke(null, arguments)!;

    private static byte[] WriteAs<T>(Serializer serializer, T sample) => serializer.SerializeToArray(sample);

    private static T ReadAs<T>(Serializer serializer, byte[] bytes) => serializer.Deserialize<T>(bytes)!;
}
