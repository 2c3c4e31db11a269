using Crescent.Control.Kv;
using Crescent.Engine.Devices;
using Crescent.Engine.Devices.Cpu;
using Crescent.Engine.Kv;
using Crescent.Engine.Scheduling;
using Crescent.Tests.Engine.Scheduling;
using static Crescent.Tests.Engine.Scheduling.EngineHarness;

namespace Crescent.Tests.Control.Kv;

/// <summary>What one who follows a cache's events takes a device to have of a prompt is what the device begins with.</summary>
public sealed class KvPlacesTests
{
    [Theory]
    [InlineData(150, 0)]
    [InlineData(150, 200)]
    [InlineData(110, 1000)]
    [InlineData(90, 1000)]
    public void A_device_with_windows_begins_where_its_follower_says(int blocks, int hostBlocks)
    {
        var device = new HistoryDevice(blocks, windows: [new KvReach(40), new KvReach(ChunkLength: 48), new KvReach(40)]);
        var follower = new Follower(device.Info);
        using var engine = EngineOver(device, follower, new EngineOptions { HostBlocks = hostBlocks });
        Check(engine, follower, turns: 80, seed: 3, (seed, length) => Prompt(seed, length));
    }

    [Theory]
    [InlineData("qwen35", 0)]
    [InlineData("qwen35", 300)]
    [InlineData("lfm2", 0)]
    [InlineData("lfm2", 40)]
    public void A_device_with_states_begins_where_its_follower_says(string name, int hostBlocks)
    {
        using var model = new RealModel(
            TestFiles.Shared("arch", $"{name}.gguf"), model => new CpuDevice(model.Graph, new CpuDeviceOptions { Threads = 1, KvBlocks = 60, StateSlots = 6 }));
        var device = model.Device();
        var follower = new Follower(device.Info);
        using var engine = model.Engine(device, follower, new EngineOptions { HostBlocks = hostBlocks });
        Check(engine, follower, turns: 60, seed: 4, (seed, length) => Prompt(seed, length));
    }

    [Fact]
    public void Of_many_devices_with_states_each_begins_behind_the_last_that_it_has()
    {
        var random = new Random(5);
        var table = new BlockTable();
        KvCache.Hash(table, new KvBlockSize(16), BlockHash.Root("m", "f16"), Prompt(1, 16 * 300));
        BlockHash[] chain = [.. table.Hashes];
        var index = new KvIndex(TimeProvider.System, 4, seed: 1);
        var expected = new List<int>();
        for (var device = 0; device < 150; device++)
        {
            index.AddDevice(device % 5 == 0 ? null : new KvPlaces(new KvBlockSize(16), hasStates: true, []));
            var held = random.Next(chain.Length + 1);
            index.Stored(device, chain.AsSpan(0, held));
            int[] states = device % 7 == 0 ? [] : [.. Enumerable.Range(0, 3).Select(_ => random.Next(chain.Length))];
            index.Stored(device, [.. states.Select(block => chain[block].Of(KvPlaces.StateGroup))]);
            expected.Add(device % 5 == 0 ? held : states.Where(block => block < held).Select(static block => block + 1).DefaultIfEmpty(0).Max());
        }

        var overlap = new int[index.DeviceLimit];
        index.Overlap(chain, overlap);
        Assert.Equal(expected, overlap);
    }

    /// <summary>Talks and prompts that share beginnings, one after the other, some of them at the same time.</summary>
    private static void Check(InferenceEngine engine, Follower follower, int turns, int seed, Func<int, int, int[]> text)
    {
        var random = new Random(seed);
        var root = BlockHash.Root(engine.Model, engine.KvType);
        var talks = Enumerable.Range(0, 4).Select(talk => text(talk % 2, 40 * talk)).ToArray();
        var (found, lacking) = (0, 0);
        for (var turn = 0; turn < turns; turn++)
        {
            var talk = random.Next(talks.Length);
            int[] prompt = [.. talks[talk], .. text(10 + random.Next(3), 1 + random.Next(60))];
            engine.Submit(new InferenceRequest { Id = turn, Prompt = prompt, MaxTokens = 1 + random.Next(20), IgnoreEndOfGeneration = true });
            var overlap = follower.Overlap(root, prompt, out var leading);
            Run(engine);
            Assert.Equal(16 * overlap, follower.Sink[turn].Usage!.CachedTokens);
            found += overlap;
            lacking += leading - overlap;
            talks[talk] = prompt.Length > 300 ? text(talk % 2, 40 * talk) : random.Next(3) == 0 ? prompt : [.. prompt, .. follower.Sink[turn].Tokens];
        }

        // Both what could be used and what could not must have been there.
        Assert.True(found > 50 && lacking > 10, $"{found} blocks found, {lacking} cached without a place behind them");
    }

    private sealed class Follower : IEngineSink
    {
        private readonly KvIndex _index = new(TimeProvider.System, 4);
        private readonly KvEventCursor _cursor = new();
        private readonly KvBlockSize _size;
        private readonly int _device;
        private readonly int _blind;

        public Follower(DeviceInfo device)
        {
            _size = KvBlockSize.Of(device);
            _device = _index.AddDevice(KvPlaces.Of(device));
            _blind = _index.AddDevice();
        }

        public RecordingSink Sink { get; } = new();

        public void OnStep(ReadOnlySpan<SequenceOutput> outputs) => Sink.OnStep(outputs);

        public void OnKvEvents(KvEventBatch batch)
        {
            var update = _cursor.Take(batch);
            _index.Apply(_device, update);
            _index.Apply(_blind, update);
        }

        /// <summary>Blocks with a place behind them, and all that are cached.</summary>
        public int Overlap(BlockHash root, int[] prompt, out int leading)
        {
            var table = new BlockTable();
            KvCache.Hash(table, _size, root, prompt);
            Span<int> overlap = stackalloc int[_index.DeviceLimit];
            _index.Overlap([.. table.Hashes.Take(_size.FullBlocks(prompt.Length - 1))], overlap);
            leading = overlap[_blind];
            return overlap[_device];
        }
    }
}
