using Crescent.Engine.Devices;
using Crescent.Engine.Kv;
using Crescent.Engine.Scheduling;
using Crescent.Tests.Engine.Scheduling;
using CsCheck;

namespace Crescent.Tests.Engine.Kv;

/// <summary>Caches at random, an unreliable way for their events, and a follower that must end up with what the cache holds.</summary>
public sealed class KvEventTests
{
    private const int Contents = 24;

    private enum What
    {
        Fill,
        Drain,
        DrainAndLose,
        AskForDump,
        AnswerDump,
        DeliverDump,
        LoseDump,
        Restart,
    }

    // Fills are frequent and restarts rare; a value picks the content.
    private static readonly Gen<(What What, int Value)> Action = Gen.Select(
        Gen.Frequency(
            (8, Gen.Const(What.Fill)),
            (4, Gen.Const(What.Drain)),
            (1, Gen.Const(What.DrainAndLose)),
            (2, Gen.Const(What.AskForDump)),
            (2, Gen.Const(What.AnswerDump)),
            (2, Gen.Const(What.DeliverDump)),
            (1, Gen.Const(What.LoseDump)),
            (1, Gen.Const(What.Restart))),
        Gen.Int[0, 1000]);

    [Fact]
    public void Whatever_is_lost_a_follower_mends_itself_to_what_the_cache_holds() =>
        (from blocks in Gen.Int[2, 12]
         from host in Gen.Int[0, 6]
         from backlog in Gen.Int[1, 12]
         from held in Gen.Int[1, 12]
         from actions in Action.Array[0, 120]
         select (blocks, host, backlog, held, actions)).Sample(
            run =>
            {
                using var world = new World(run.blocks, run.host, run.backlog, run.held);
                foreach (var (what, value) in run.actions)
                {
                    world.Do(what, value);
                }

                world.Settle();
                Assert.Equal(world.Cached(), world.Followed());
            },
            iter: 3_000);

    [Fact]
    public void A_backlog_beyond_the_bound_shows_as_a_jump_of_ids()
    {
        var buffer = new KvEventBuffer(epoch: 7, capacity: 4);
        for (var i = 0; i < 6; i++)
        {
            buffer.Add(KvEventKind.Stored, new BlockHash((UInt128)i));
        }

        var sink = new Batches();
        buffer.Drain(sink);
        Assert.Equal([3, 4, 5, 6], sink.Ids);
        Assert.Equal([2, 3, 4, 5], sink.Events.Select(e => (int)e.Hash.Value));
        Assert.Equal(0, buffer.Count);
        Assert.Equal(6, buffer.LastId);
    }

    [Fact]
    public void A_step_hands_over_no_more_than_its_share_and_the_next_goes_on()
    {
        var buffer = new KvEventBuffer(epoch: 7, capacity: 3 * KvEventBuffer.MaxDrain);
        for (var i = 0; i < KvEventBuffer.MaxDrain + 10; i++)
        {
            buffer.Add(KvEventKind.Stored, new BlockHash((UInt128)i));
        }

        var sink = new Batches();
        buffer.Drain(sink);
        Assert.Equal(KvEventBuffer.MaxDrain, sink.Ids.Count);
        buffer.Drain(sink);
        Assert.Equal(Enumerable.Range(1, KvEventBuffer.MaxDrain + 10).Select(i => (long)i), sink.Ids);
    }

    [Fact]
    public void A_cursor_that_hears_all_from_the_first_event_on_needs_no_dump()
    {
        var cursor = new KvEventCursor();
        Assert.True(cursor.NeedsDump);
        var update = cursor.Take(new KvEventBatch(5, 1, [new(KvEventKind.Stored, default)]));
        Assert.True(update.Replaces);
        Assert.Equal(1, update.Events.Length);
        Assert.False(cursor.NeedsDump);

        // Heard again: nothing new.
        Assert.True(cursor.Take(new KvEventBatch(5, 1, [new(KvEventKind.Stored, default)])).Events.IsEmpty);
        Assert.Equal(1, cursor.LastId);
    }

    [Fact]
    public void A_dump_older_than_the_gap_does_not_close_it()
    {
        var cursor = new KvEventCursor();
        cursor.Take(new KvEventBatch(5, 1, [new(KvEventKind.Stored, default)]));
        cursor.Take(new KvEventBatch(5, 9, [new(KvEventKind.Evicted, default)]));
        Assert.True(cursor.NeedsDump);
        Assert.False(cursor.Take(new KvDump(5, 7, default)).Replaces);
        Assert.True(cursor.NeedsDump);
        var update = cursor.Take(new KvDump(5, 8, new BlockHash[1]));
        Assert.True(update.Replaces);
        Assert.Equal(1, update.Hashes.Length);
        Assert.Equal(1, update.Events.Length);
        Assert.Equal(9, cursor.LastId);
    }

    [Theory]
    [InlineData(0, 8192)]
    [InlineData(10, 8192)]
    [InlineData(10, 3)]
    public async Task The_events_of_a_running_engine_and_a_dump_asked_for_by_another_thread_agree(int hostBlocks, int backlog)
    {
        var stop = TestContext.Current.CancellationToken;
        var sink = new FollowingSink();
        using var engine = EngineHarness.EngineOver(
            new HistoryDevice(blocks: 24), sink, new EngineOptions { HostBlocks = hostBlocks, KvEventBacklog = backlog, MaxStepTokens = 64 });
        using (var driver = new EngineDriver(engine))
        {
            for (var id = 0; id < 40; id++)
            {
                engine.Submit(EngineHarness.Request(id, 20 + (id * 7 % 100), 10));
                if (id % 5 == 0)
                {
                    sink.Give(await engine.DumpKvAsync(stop));
                }
            }

            await sink.Ended(40).WaitAsync(TimeSpan.FromSeconds(20), stop);
            var last = await engine.DumpKvAsync(stop);
            sink.Give(last);
            Assert.False(sink.NeedsDump);
            Assert.Equal(last.Hashes.ToArray().Select(h => h.Value).Distinct().Order(), sink.Known());
            Assert.True(last.Hashes.Length > 10);
        }

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => engine.DumpKvAsync(stop));
    }

    private sealed class World(int blocks, int host, int backlog, int held) : IDisposable
    {
        private readonly KvEventCursor _cursor = new(held);
        private readonly HashSet<BlockHash> _known = [];
        private readonly Queue<bool> _asked = new();
        private readonly Queue<KvDump> _answered = new();
        private long _epoch;
        private HostBlockTier? _tier;
        private KvEventBuffer _events = new(0, backlog);
        private KvCache? _cache;

        private KvCache Cache => _cache ??= Start();

        public void Do(What what, int value)
        {
            switch (what)
            {
                case What.Fill:
                    Fill(value % Contents);
                    break;
                case What.Drain:
                    _events.Drain(new Receiver(batch => _cursor.Take(batch).ApplyTo(_known)));
                    break;
                case What.DrainAndLose:
                    _events.Drain(new Receiver(_ => { }));
                    break;
                case What.AskForDump when _cursor.NeedsDump:
                    _asked.Enqueue(true);
                    break;
                case What.AnswerDump when _asked.TryDequeue(out _):
                    _answered.Enqueue(Cache.Dump(new BlockHash[Cache.DumpCapacity]));
                    break;
                case What.DeliverDump when _answered.TryDequeue(out var dump):
                    _cursor.Take(dump).ApplyTo(_known);
                    break;
                case What.LoseDump:
                    _answered.TryDequeue(out _);
                    break;
                case What.Restart when value % 5 == 0:
                    Dispose();
                    _cache = null;
                    break;
            }
        }

        /// <summary>Lets everything under way arrive, then one event more, so that what was lost shows, then mends.</summary>
        public void Settle()
        {
            while (_answered.Count > 0)
            {
                Do(What.DeliverDump, 0);
            }

            var before = _events.LastId;
            for (var content = 0; _events.LastId == before; content++)
            {
                Fill(content);
            }

            while (_events.Count > 0)
            {
                Do(What.Drain, 0);
            }

            if (_cursor.NeedsDump)
            {
                Do(What.AskForDump, 0);
                while (_asked.Count > 0)
                {
                    Do(What.AnswerDump, 0);
                    Do(What.DeliverDump, 0);
                }
            }

            Assert.False(_cursor.NeedsDump);
            Assert.Equal(_events.LastId, _cursor.LastId);
        }

        public IEnumerable<UInt128> Followed() => _known.Select(hash => hash.Value).Order();

        public IEnumerable<UInt128> Cached() =>
            Enumerable.Range(0, Contents).Select(Hash).Where(Cache.Contains).Select(hash => hash.Value).Order();

        public void Dispose() => _tier?.Dispose();

        private KvCache Start()
        {
            var device = new HistoryDevice(blocks);
            _tier = host > 0 ? new HostBlockTier(new KvCopies(), device.Info.BlockBytes, host) : null;
            _events = new KvEventBuffer(++_epoch, backlog);
            return new KvCache(blocks, KvBlockSize.Of(device.Info), _tier, _events);
        }

        /// <summary>What a sequence of one block does: takes it over, or computes it; and ends.</summary>
        private void Fill(int content)
        {
            var table = new BlockTable();
            table.Hashes.Add(Hash(content));
            var match = Cache.Match(table, Cache.BlockSize.Positions + 1);
            Assert.True(Cache.TryAdopt(table, match, Cache.BlockSize.Positions));
            Cache.Register(table, Cache.BlockSize.Positions);
            Cache.Free(table);
            Cache.Arrive(long.MaxValue);
            Cache.CheckIntegrity([]);
        }

        private static BlockHash Hash(int content) => new((UInt128)(uint)content + 1);
    }

    private sealed class Receiver(Receiver.Take take) : IEngineSink
    {
        public delegate void Take(KvEventBatch batch);

        public void OnStep(ReadOnlySpan<SequenceOutput> outputs)
        {
        }

        public void OnKvEvents(KvEventBatch batch) => take(batch);
    }

    private sealed class Batches : IEngineSink
    {
        public List<long> Ids { get; } = [];

        public List<KvEvent> Events { get; } = [];

        public void OnStep(ReadOnlySpan<SequenceOutput> outputs)
        {
        }

        public void OnKvEvents(KvEventBatch batch)
        {
            for (var i = 0; i < batch.Events.Length; i++)
            {
                Ids.Add(batch.FirstId + i);
                Events.Add(batch.Events[i]);
            }
        }
    }

    /// <summary>Follows an engine on its thread, mended from the test's.</summary>
    private sealed class FollowingSink : IEngineSink
    {
        private readonly Lock _gate = new();
        private readonly KvEventCursor _cursor = new();
        private readonly HashSet<BlockHash> _known = [];
        private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private int _awaited = int.MaxValue;

        public RecordingSink Outputs { get; } = new();

        public bool NeedsDump
        {
            get
            {
                lock (_gate)
                {
                    return _cursor.NeedsDump;
                }
            }
        }

        public void OnStep(ReadOnlySpan<SequenceOutput> outputs)
        {
            lock (_gate)
            {
                Outputs.OnStep(outputs);
                CheckEnded();
            }
        }

        public void OnKvEvents(KvEventBatch batch)
        {
            lock (_gate)
            {
                _cursor.Take(batch).ApplyTo(_known);
            }
        }

        public void Give(KvDump dump)
        {
            lock (_gate)
            {
                _cursor.Take(dump).ApplyTo(_known);
            }
        }

        public List<UInt128> Known()
        {
            lock (_gate)
            {
                return [.. _known.Select(hash => hash.Value).Order()];
            }
        }

        public Task Ended(int requests)
        {
            lock (_gate)
            {
                _awaited = requests;
                CheckEnded();
            }

            return _ended.Task;
        }

        private void CheckEnded()
        {
            if (Outputs.Records.Values.Count(record => record.Finish != FinishReason.None) >= _awaited)
            {
                _ended.TrySetResult();
            }
        }
    }
}
