using Crescent.Engine.Devices.Cpu.Memory;
using Crescent.Engine.Devices.Cpu.Threads;
using Crescent.Engine.Model.Layers;
using Crescent.Engine.Simd;

namespace Crescent.Engine.Devices.Cpu.Attention;

/// <summary>
/// Attention over paged KV. A query's positions are taken in chunks of 128 counted from position 0; each chunk gives a partial
/// softmax, and the partials are blended in order. Which thread computes a chunk, and what else is in the batch, changes nothing
/// about the order of sums, so a token's output has the same bits in every batch.
/// </summary>
internal sealed unsafe class AttentionPhase<TLanes, TKv> : IAttentionPhase
    where TLanes : unmanaged, ILanes<TLanes>
    where TKv : IKvFormat
{
    private readonly ComputeTeam _team;
    private readonly StepBuffers _buffers;
    private readonly KvMemory _kv;
    private readonly HeadPreparation<TLanes, TKv> _heads;
    private readonly AttentionScratch[] _scratch;
    private readonly ChunkPartials _partials;
    private readonly AttentionTile[] _tiles;
    private readonly int _tileTokens;
    private StepPlan _plan = new(new KvBlockSize(KvPage.Slots));
    private int _tokens;
    private int _tileCount;
    private bool _split;

    /// <param name="layers">The heads of all layers with attention; at least one.</param>
    /// <param name="ropes">All ways to turn of the model.</param>
    /// <param name="epsilon">Of norms.</param>
    /// <param name="team">Threads.</param>
    /// <param name="buffers">Of the step.</param>
    /// <param name="kv">Keys and values.</param>
    /// <param name="maxTokens">Of a step.</param>
    /// <param name="maxContext">Positions of a sequence.</param>
    public AttentionPhase(
        IReadOnlyList<HeadShape> layers, IReadOnlyList<RopeSettings> ropes, float epsilon, ComputeTeam team, StepBuffers buffers, KvMemory kv, int maxTokens,
        int maxContext)
    {
        _team = team;
        _buffers = buffers;
        _kv = kv;
        var group = layers.Max(static heads => heads.Count / heads.KvCount);
        var padded = layers.Max(static heads => NativeBuffer.RoundUp(heads.Size, 16));
        var values = layers.Max(static heads => heads.Count * NativeBuffer.RoundUp(heads.Size, 16));
        _heads = new HeadPreparation<TLanes, TKv>(buffers, kv, ropes, epsilon, values, maxTokens);
        _tileTokens = Math.Max(1, AttentionScratch.WantedRows / group);
        _scratch = new AttentionScratch[team.Count];
        for (var t = 0; t < _scratch.Length; t++)
            _scratch[t] = new AttentionScratch(_tileTokens * group, padded);
        var splitTokens = Math.Min(maxTokens, (4 * team.Count / layers.Min(static heads => heads.KvCount)) + 1);
        _partials = new ChunkPartials(splitTokens, layers.Max(static heads => heads.Count), padded, maxContext);
        _tiles = new AttentionTile[maxTokens];
    }

    /// <inheritdoc/>
    public void Begin(StepPlan plan)
    {
        _plan = plan;
        _tokens = plan.AllTokens.Length;
        _tileCount = 0;
        var slices = plan.Slices;
        for (var s = 0; s < slices.Length; s++)
        {
            for (var t = 0; t < slices[s].TokenCount; t += _tileTokens)
            {
                _tiles[_tileCount++] = new AttentionTile(
                    s, slices[s].TokenOffset + t, Math.Min(_tileTokens, slices[s].TokenCount - t), slices[s].StartPosition + t);
            }
        }

        ClearNewBlocks(plan);

        // A few single tokens do not fill the team by heads alone, so their chunks are shared out too.
        _split = _tileCount == _tokens && _tokens <= _partials.Tokens && _team.Count > 1;
    }

    /// <inheritdoc/>
    public void PrepareAngles(int token) => _heads.PrepareAngles(token);

    /// <inheritdoc/>
    public void Rotate(int thread, AttentionLayer layer)
    {
        var queries = layer.Heads.Count;
        var heads = queries + (layer.Operator.KeysOf is null ? layer.Heads.KvCount : 0);
        var (first, end) = _team.Share(_tokens * heads, thread);
        for (var i = first; i < end; i++)
        {
            var (token, head) = Math.DivRem(i, heads);
            if (head < queries)
            {
                _heads.PrepareQuery(token, head, layer, _scratch[thread].Row);
                continue;
            }

            var table = _plan.Table(_buffers.Slices[token], layer.Group);
            _heads.StoreKeyAndValue(token, head - queries, table[_buffers.Positions[token] / KvPage.Slots], layer, _scratch[thread].Row);
        }
    }

    /// <inheritdoc/>
    public void Attend(int thread, AttentionLayer layer)
    {
        _scratch[thread].Begin(layer.PaddedHead);
        if (_split)
        {
            AttendChunks(thread, layer);
            _team.Barrier();
            Merge(thread, layer);
            return;
        }

        // Dealt in turn: later tiles of a prompt have more positions to look at.
        var kvHeads = layer.Heads.KvCount;
        for (var i = thread; i < _tileCount * kvHeads; i += _team.Count)
        {
            var (tile, head) = Math.DivRem(i, kvHeads);
            AttendTile(_tiles[tile], layer, head, _scratch[thread]);
        }
    }

    public void Dispose()
    {
        _heads.Dispose();
        _partials.Dispose();
        foreach (var scratch in _scratch)
            scratch.Dispose();
    }

    private static int Group(AttentionLayer layer) => layer.Heads.Count / layer.Heads.KvCount;

    /// <summary>
    /// Clears the blocks that this step begins, where what another group of layers has left in them may be no number here: positions that are not there yet are
    /// weighted with zero, not left out.
    /// </summary>
    private void ClearNewBlocks(StepPlan plan)
    {
        if (!_kv.IsWhole || plan.Groups == 1 || !TKv.HasScales)
            return;
        for (var s = 0; s < plan.Slices.Length; s++)
        {
            var slice = plan.Slices[s];
            var first = plan.BlockSize.BlocksFor(slice.StartPosition);
            var end = plan.BlockSize.BlocksFor(slice.StartPosition + slice.TokenCount);
            for (var group = 0; group < plan.Groups; group++)
            {
                var table = plan.Table(s, group);
                for (var block = first; block < end; block++)
                    _kv.Clear(table[block]);
            }
        }
    }

    /// <summary>All chunks of a tile, blended as they come.</summary>
    private void AttendTile(in AttentionTile tile, AttentionLayer layer, int head, AttentionScratch scratch)
    {
        var group = Group(layer);
        var rows = tile.Count * group;
        GatherQueries(tile, layer, head, scratch);
        scratch.ClearSums(rows);
        var last = tile.Position + tile.Count - 1;
        for (var chunk = layer.FirstSeen(tile.Position) / AttentionScratch.Chunk; chunk <= last / AttentionScratch.Chunk; chunk++)
        {
            AttendChunk(tile, layer, head, chunk, scratch);
            for (var r = 0; r < rows; r++)
                scratch.BlendChunk<TLanes>(r);
        }

        for (var r = 0; r < rows; r++)
            WriteRow(r, tile.Token + (r / group), (head * group) + (r % group), layer, scratch);
    }

    /// <summary>This thread's share of (token, head, chunk); every tile is a single token.</summary>
    private void AttendChunks(int thread, AttentionLayer layer)
    {
        var scratch = _scratch[thread];
        var group = Group(layer);
        var item = 0;
        for (var token = 0; token < _tokens; token++)
        {
            var position = _tiles[token].Position;
            var firstChunk = layer.FirstSeen(position) / AttentionScratch.Chunk;
            for (var head = 0; head < layer.Heads.KvCount; head++)
            {
                var gathered = false;
                for (var chunk = firstChunk; chunk <= position / AttentionScratch.Chunk; chunk++)
                {
                    if (item++ % _team.Count != thread)
                        continue;
                    if (!gathered)
                        GatherQueries(_tiles[token], layer, head, scratch);
                    gathered = true;
                    AttendChunk(_tiles[token], layer, head, chunk, scratch);
                    for (var r = 0; r < group; r++)
                        _partials.Save(token, (head * group) + r, chunk, scratch, r);
                }
            }
        }
    }

    private void Merge(int thread, AttentionLayer layer)
    {
        var scratch = _scratch[thread];
        var (first, end) = _team.Share(_tokens * layer.Heads.Count, thread);
        for (var i = first; i < end; i++)
        {
            var (token, head) = Math.DivRem(i, layer.Heads.Count);
            var position = _tiles[token].Position;
            scratch.ClearSums(1);
            for (var chunk = layer.FirstSeen(position) / AttentionScratch.Chunk; chunk <= position / AttentionScratch.Chunk; chunk++)
            {
                _partials.Restore(token, head, chunk, scratch);
                scratch.BlendChunk<TLanes>(0);
            }

            WriteRow(0, token, head, layer, scratch);
        }
    }

    private void WriteRow(int row, int token, int head, AttentionLayer layer, AttentionScratch scratch)
    {
        if (layer.Sinks != null)
            scratch.BlendSink<TLanes>(row, layer.Sinks[head]);
        var heads = layer.Heads;
        var attended = _buffers.Attended.Floats + ((long)token * heads.QueryWidth) + (head * heads.Size);
        scratch.WriteRow<TLanes>(row, attended, heads.Size);
        if (layer.Operator.HasOutputGate)
            VectorMath<TLanes>.SigmoidMultiply(_buffers.QueryOf(token, head, layer.Operator) + heads.Size, attended, heads.Size);
    }

    private void GatherQueries(in AttentionTile tile, AttentionLayer layer, int head, AttentionScratch scratch)
    {
        var group = Group(layer);
        var values = group * layer.PaddedHead;
        for (var t = 0; t < tile.Count; t++)
        {
            var source = _heads.Queries + (((((long)tile.Token + t) * layer.Heads.Count) + (head * group)) * layer.PaddedHead);
            new ReadOnlySpan<float>(source, values).CopyTo(new Span<float>(scratch.Queries + (t * values), values));
        }
    }

    /// <summary>One chunk's partial softmax of every row of a tile. Pages that none of them sees are left alone: their blocks may be another's by now.</summary>
    private void AttendChunk(in AttentionTile tile, AttentionLayer layer, int head, int chunk, AttentionScratch scratch)
    {
        const int PagesPerChunk = AttentionScratch.Chunk / KvPage.Slots;
        var (group, headSize) = (Group(layer), layer.PaddedHead);
        var rows = tile.Count * group;
        var table = _plan.Table(tile.Slice, layer.Group);
        var start = chunk * AttentionScratch.Chunk;
        var firstPage = chunk * PagesPerChunk;
        var pages = Math.Min(PagesPerChunk, ((tile.Position + tile.Count - 1) / KvPage.Slots) + 1 - firstPage);
        var unseen = Math.Max(0, (layer.FirstSeen(tile.Position) / KvPage.Slots) - firstPage);

        var keys = _kv.Keys(layer.Cache, head);
        long stride = _kv.Stride(layer.Cache);
        for (var p = unseen; p < pages; p++)
        {
            TKv.Scores(
                scratch.Queries, rows, keys + (table[firstPage + p] * stride), scratch.Page, headSize,
                scratch.Scores + (p * KvPage.Slots), AttentionScratch.Chunk);
        }

        scratch.ClearChunk(rows);
        for (var r = 0; r < rows; r++)
        {
            // A token of the tile may stand before the chunk, or see none of it any more.
            var position = tile.Position + (r / group);
            var end = Math.Clamp(position + 1 - start, 0, pages * KvPage.Slots);
            var first = Math.Clamp(layer.FirstSeen(position) - start, 0, pages * KvPage.Slots);
            if (layer.Operator.ScoreCap > 0 && end > first)
                VectorMath<TLanes>.Cap(scratch.Scores + (r * AttentionScratch.Chunk) + first, layer.Operator.ScoreCap, end - first);
            scratch.Exponentiate<TLanes>(r, first, end, pages * KvPage.Slots);
        }

        var values = _kv.Values(layer.Cache, head);
        for (var p = unseen; p < pages; p++)
        {
            TKv.Accumulate(
                scratch.Scores + (p * KvPage.Slots), AttentionScratch.Chunk, rows,
                values + (table[firstPage + p] * stride), scratch.Page, headSize, scratch.ChunkSums);
        }
    }
}
