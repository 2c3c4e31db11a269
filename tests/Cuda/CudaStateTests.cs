using System.Runtime.InteropServices;
using Crescent.Engine.Cuda;
using Crescent.Engine.Devices;
using Crescent.Engine.Model;
using Crescent.Engine.Scheduling;
using Crescent.Tests.Engine.Devices.Cpu;
using Crescent.Tests.Engine.Scheduling;
using static Crescent.Tests.Engine.Scheduling.EngineHarness;

namespace Crescent.Tests.Cuda;

/// <summary>States of sequences on an emulated GPU: kept between, copied, sent to the host and back, and found again by the engine.</summary>
public sealed class CudaStateTests : EmulatedCudaTest
{
    private static readonly int[] Prompt = [.. Enumerable.Range(0, 21).Select(static i => (i * 37) % 500)];

    [Theory]
    [InlineData("qwen35", 1)]
    [InlineData("lfm2", 1)]
    [InlineData("nemotron_h", 1)]
    [InlineData("qwen35", 2)]
    public void A_state_that_is_kept_between_guesses_is_that_of_the_token_before_them(string name, int gpus)
    {
        using var model = LanguageModel.Open(TestFiles.Shared("arch", $"{name}.gguf"));
        using var device = new CudaDevice(model.Graph, EmulatedCuda.Options() with { Gpus = [.. Enumerable.Range(0, gpus)], StateSlots = 4 });
        int[] next = [3, 44, 5, 66, 7];
        var guessed = new DeviceSequence(device, 64, firstBlock: 0, state: 0);
        guessed.Append(Prompt);
        guessed.Append(Prompt.AsSpan(0, 2));
        var plan = new StepPlan(KvBlockSize.Of(device.Info), groups: device.Info.KvGroups.Count);

        // Two of them are computed again; behind the third the spare state is kept.
        plan.Add(next, guessed.Length, [0, 1, 2, 3], LogitsWanted.All, stateSlot: 0, repeated: 2, spareSlot: 3);
        device.Execute(plan);
        var plain = new DeviceSequence(device, 64, firstBlock: 4, state: 1);
        plain.AppendChunked(Prompt, 8);
        plain.Append(Prompt.AsSpan(0, 2));
        foreach (var token in next[..3])
            plain.Append(token);
        AssertNear(State(device, 1), State(device, 3));
        foreach (var token in next[3..])
            plain.Append(token);
        AssertNear(State(device, 1), State(device, 0));
        Assert.True(Distance(State(device, 0), State(device, 3)) > 0.05, "two tokens on, the state is almost the same");
    }

    [Theory]
    [InlineData("qwen3next", 1)]
    [InlineData("lfm2moe", 1)]
    [InlineData("granitehybrid", 1)]
    [InlineData("qwen3next", 2)]
    [InlineData("lfm2moe", 2)]
    [InlineData("granitehybrid", 2)]
    public void A_state_goes_on_where_it_was_copied_to_and_where_it_came_back_from_the_host(string name, int gpus)
    {
        using var model = LanguageModel.Open(TestFiles.Shared("arch", $"{name}.gguf"));
        using var device = new CudaDevice(model.Graph, EmulatedCuda.Options() with { Gpus = [.. Enumerable.Range(0, gpus)], StateSlots = 4 });
        Assert.Equal(4, device.Info.StateSlots);
        Assert.Contains("states", device.Memory.Keys);
        new DeviceSequence(device, 64, state: 2).Append(Prompt);
        device.CopyState(2, 0);
        var state = State(device, 2);

        // Each GPU has a share of it, and the host has them all.
        Assert.All(device.Group.Ranks, static rank => Assert.True(rank.States!.BytesOfOne > 0, "it keeps nothing"));
        Assert.Equal(state.Length, device.Group.Ranks.Sum(static rank => rank.States!.BytesOfOne));
        WriteState(device, 3, state);
        var own = Next(device, 2);
        Assert.Equal(own, Next(device, 0));
        Assert.Equal(own, Next(device, 3));

        // It has moved, and one of another prompt is another.
        Assert.NotEqual(state, State(device, 2));
        WriteState(device, 1, new byte[state.Length]);
        Assert.NotEqual(own, Next(device, 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => device.CopyState(4, 0));
    }

    [Fact]
    public void The_engine_finds_a_beginning_where_a_state_was_kept_and_what_runs_beside_changes_no_token()
    {
        using var model = new RealModel(
            TestFiles.Shared("arch", "qwen35.gguf"), model => new CudaDevice(model.Graph, EmulatedCuda.Options() with { KvBlocks = 120, StateSlots = 6, HostLogits = false }));
        var requests = Enumerable.Range(0, 4).Select(id => new InferenceRequest
        {
            Id = id,
            Prompt = [.. Enumerable.Range(0, 320).Select(static i => (i * 37) % 500), .. Enumerable.Range(0, 20 + id).Select(i => ((i + id) * 41) % 500)],
            MaxTokens = 6,
            IgnoreEndOfGeneration = true,
        }).ToArray();
        var sink = new RecordingSink();
        using var engine = model.Engine(model.Device(), sink, new EngineOptions { MaxStepTokens = 256 });
        foreach (var request in requests)
        {
            engine.Submit(request);
            Run(engine);
            engine.CheckIntegrity();
        }

        Assert.Equal([0, 0, 320, 320], requests.Select(request => sink[request.Id].Usage!.CachedTokens));
        var together = new RecordingSink();
        using var second = model.Engine(model.Device(), together, new EngineOptions { PrefixCache = false, MaxStepTokens = 256 });
        foreach (var request in requests)
            second.Submit(request);
        Run(second);
        Assert.All(requests, request => Assert.Equal(sink[request.Id].Tokens, together[request.Id].Tokens));
    }

    private static float[] Next(CudaDevice device, int state)
    {
        var plan = new StepPlan(KvBlockSize.Of(device.Info), groups: device.Info.KvGroups.Count);
        plan.Add([99], Prompt.Length, [0, 1, 2, 3], LogitsWanted.Last, stateSlot: state);
        return device.Execute(plan).Logits(0).ToArray();
    }

    // In parts of a block's size, as the host's tier takes it.
    private static unsafe byte[] State(CudaDevice device, int state)
    {
        var bytes = new byte[device.Info.StateBytes];
        fixed (byte* first = bytes)
        {
            Move(device, KvCopyKind.StateToHost, state, (nint)first);
        }

        return bytes;
    }

    private static unsafe void WriteState(CudaDevice device, int state, byte[] bytes)
    {
        fixed (byte* first = bytes)
        {
            Move(device, KvCopyKind.StateFromHost, state, (nint)first);
        }
    }

    private static void Move(CudaDevice device, KvCopyKind kind, int state, nint host)
    {
        for (var offset = 0L; offset < device.Info.StateBytes; offset += device.Info.BlockBytes)
            device.BeginCopies([new KvCopy(kind, state, host + (nint)offset, Offset: offset)]);
        DecodeSteps.AwaitCopies(device);
    }

    private static double Distance(byte[] expected, byte[] actual)
    {
        var (a, b) = (MemoryMarshal.Cast<byte, float>(expected).ToArray(), MemoryMarshal.Cast<byte, float>(actual).ToArray());
        return Math.Sqrt(a.Zip(b, static (x, y) => Math.Pow(x - y, 2)).Sum() / a.Sum(static x => Math.Pow(x, 2)));
    }

    // Sums of several tokens and of one may differ in their last bits, and halves made of them. In all pieces: what a layer keeps may be small beside another's.
    private static void AssertNear(byte[] expected, byte[] actual)
    {
        const int Piece = 1024;
        Assert.InRange(Distance(expected, actual), 0, 2e-3);
        for (var at = 0; at + Piece <= expected.Length; at += Piece)
        {
            if (expected.AsSpan(at, Piece).ContainsAnyExcept((byte)0))
                Assert.InRange(Distance(expected[at..(at + Piece)], actual[at..(at + Piece)]), 0, 2e-2);
        }
    }
}
