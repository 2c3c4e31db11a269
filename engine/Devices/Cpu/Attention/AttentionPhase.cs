using Crescent.Engine.Devices.Cpu.Memory;
using Crescent.Engine.Devices.Cpu.Threads;
using Crescent.Engine.Model.Architectures;
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
    private readonly ModelConfig _config;
    private readonly ComputeTeam _team;
    private readonly StepBuffers _buffers;
    private readonly KvMemory _kv;
    private readonly Rotation<TLanes> _rotation;
    private readonly int _group;
    private readonly int _headSize; // padded to whole pages of vectors
    private readonly NativeBuffer _queries; // (_headSize, heads, tokens), turned and scaled
    private readonly AttentionScratch[] _scratch;
    private readonly ChunkPartials _partials;
    private readonly AttentionTile[] _tiles;
    private readonly int _tileTokens;
    private StepPlan _plan = new(new KvBlockSize(KvPage.Slots));
    private int _tokens;
    private int _tileCount;
    private bool _split;

    public AttentionPhase(
        ModelConfig config, ComputeTeam team, StepBuffers buffers, KvMemory kv, float* ropeFactors, int maxTokens, int maxContext)
    {
        _config = config;
        _team = team;
        _buffers = buffers;
        _kv = kv;
        _rotation = new Rotation<TLanes>(config, ropeFactors, maxTokens);
        _group = config.HeadCount / config.KvHeadCount;
        _headSize = NativeBuffer.RoundUp(config.HeadSize, 16);
        _queries = NativeBuffer.OfFloats((long)maxTokens * config.HeadCount * _headSize);
        _tileTokens = Math.Max(1, AttentionScratch.WantedRows / _group);
        _scratch = new AttentionScratch[team.Count];
        for (var t = 0; t < _scratch.Length; t++)
            _scratch[t] = new AttentionScratch(_tileTokens * _group, _headSize);
        var splitTokens = Math.Min(maxTokens, (4 * team.Count / config.KvHeadCount) + 1);
        _partials = new ChunkPartials(splitTokens, config.HeadCount, _headSize, maxContext);
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

        // A few single tokens do not fill the team by heads alone, so their chunks are shared out too.
        _split = _tileCount == _tokens && _tokens <= _partials.Tokens && _team.Count > 1;
    }

    /// <inheritdoc/>
    public void PrepareAngles(int token) => _rotation.Prepare(token, _buffers.Positions[token]);

    /// <inheritdoc/>
    public void Rotate(int thread, int layer, AttentionLayer vectors)
    {
        var heads = _config.HeadCount + _config.KvHeadCount;
        var (first, end) = _team.Share(_tokens * heads, thread);
        for (var i = first; i < end; i++)
        {
            var (token, head) = Math.DivRem(i, heads);
            if (head < _config.HeadCount)
                RotateQuery(token, head, vectors, _scratch[thread].Row);
            else
                StoreKeyAndValue(token, head - _config.HeadCount, layer, vectors, _scratch[thread].Row);
        }
    }

    /// <inheritdoc/>
    public void Attend(int thread, int layer)
    {
        if (_split)
        {
            AttendChunks(thread, layer);
            _team.Barrier();
            Merge(thread);
            return;
        }

        // Dealt in turn: later tiles of a prompt have more positions to look at.
        for (var i = thread; i < _tileCount * _config.KvHeadCount; i += _team.Count)
        {
            var (tile, head) = Math.DivRem(i, _config.KvHeadCount);
            AttendTile(_tiles[tile], layer, head, _scratch[thread]);
        }
    }

    public void Dispose()
    {
        _rotation.Dispose();
        _queries.Dispose();
        _partials.Dispose();
        foreach (var scratch in _scratch)
            scratch.Dispose();
    }

    private void RotateQuery(int token, int head, AttentionLayer vectors, float* row)
    {
        var size = _config.HeadSize;
        var query = _buffers.Query.Floats + ((long)token * _config.QueryWidth) + (head * size);
        var turned = _queries.Floats + ((((long)token * _config.HeadCount) + head) * _headSize);
        query = BiasAndNorm(query, vectors.QueryBias == null ? null : vectors.QueryBias + (head * size), vectors.QueryNorm, row);
        _rotation.Turn(token, query, 1 / MathF.Sqrt(size), turned);
    }

    private void StoreKeyAndValue(int token, int head, int layer, AttentionLayer vectors, float* row)
    {
        var size = _config.HeadSize;
        var turned = row + _headSize;
        var position = _buffers.Positions[token];
        var slice = _plan.Slices[_buffers.Slices[token]];
        var page = (long)_plan.BlockTable(slice)[position / KvPage.Slots] * _kv.PageBytes;
        var slot = position % KvPage.Slots;

        new Span<float>(turned, _headSize).Clear();
        var key = _buffers.Key.Floats + ((long)token * _config.KvWidth) + (head * size);
        key = BiasAndNorm(key, vectors.KeyBias == null ? null : vectors.KeyBias + (head * size), vectors.KeyNorm, row);
        _rotation.Turn(token, key, 1, turned);
        TKv.StoreKey(_kv.Keys(layer, head) + page, slot, turned, _headSize);

        var value = _buffers.Value.Floats + ((long)token * _config.KvWidth) + (head * size);
        value = BiasAndNorm(value, vectors.ValueBias == null ? null : vectors.ValueBias + (head * size), null, row);
        new Span<float>(turned, _headSize).Clear();
        new ReadOnlySpan<float>(value, size).CopyTo(new Span<float>(turned, size));
        TKv.StoreValue(_kv.Values(layer, head) + page, slot, turned, _headSize);
    }

    private float* BiasAndNorm(float* x, float* bias, float* norm, float* row)
    {
        var size = _config.HeadSize;
        if (bias != null)
        {
            new ReadOnlySpan<float>(x, size).CopyTo(new Span<float>(row, size));
            VectorMath<TLanes>.Add(bias, row, size);
            x = row;
        }

        if (norm != null)
        {
            VectorMath<TLanes>.Scale(x, norm, VectorMath<TLanes>.RmsScale(x, size, _config.NormEpsilon), row, size);
            x = row;
        }

        return x;
    }

    /// <summary>All chunks of a tile, blended as they come.</summary>
    private void AttendTile(in AttentionTile tile, int layer, int head, AttentionScratch scratch)
    {
        var rows = tile.Count * _group;
        GatherQueries(tile, head, scratch);
        scratch.ClearSums(rows);
        var last = tile.Position + tile.Count - 1;
        for (var chunk = 0; chunk <= last / AttentionScratch.Chunk; chunk++)
        {
            AttendChunk(tile, layer, head, chunk, scratch);
            for (var r = 0; r < rows; r++)
                scratch.BlendChunk<TLanes>(r);
        }

        for (var r = 0; r < rows; r++)
        {
            var token = tile.Token + (r / _group);
            scratch.WriteRow<TLanes>(r, AttendedRow(token, (head * _group) + (r % _group)), _config.HeadSize);
        }
    }

    /// <summary>This thread's share of (token, head, chunk); every tile is a single token.</summary>
    private void AttendChunks(int thread, int layer)
    {
        var scratch = _scratch[thread];
        var item = 0;
        for (var token = 0; token < _tokens; token++)
        {
            var chunks = (_tiles[token].Position / AttentionScratch.Chunk) + 1;
            for (var head = 0; head < _config.KvHeadCount; head++)
            {
                var gathered = false;
                for (var chunk = 0; chunk < chunks; chunk++)
                {
                    if (item++ % _team.Count != thread)
                        continue;
                    if (!gathered)
                        GatherQueries(_tiles[token], head, scratch);
                    gathered = true;
                    AttendChunk(_tiles[token], layer, head, chunk, scratch);
                    for (var r = 0; r < _group; r++)
                        _partials.Save(token, (head * _group) + r, chunk, scratch, r);
                }
            }
        }
    }

    private void Merge(int thread)
    {
        var scratch = _scratch[thread];
        var (first, end) = _team.Share(_tokens * _config.HeadCount, thread);
        for (var i = first; i < end; i++)
        {
            var (token, head) = Math.DivRem(i, _config.HeadCount);
            scratch.ClearSums(1);
            for (var chunk = 0; chunk <= _tiles[token].Position / AttentionScratch.Chunk; chunk++)
            {
                _partials.Restore(token, head, chunk, scratch);
                scratch.BlendChunk<TLanes>(0);
            }

            scratch.WriteRow<TLanes>(0, AttendedRow(token, head), _config.HeadSize);
        }
    }

    private float* AttendedRow(int token, int head) =>
        _buffers.Attended.Floats + ((long)token * _config.QueryWidth) + (head * _config.HeadSize);

    private void GatherQueries(in AttentionTile tile, int head, AttentionScratch scratch)
    {
        for (var t = 0; t < tile.Count; t++)
        {
            var source = _queries.Floats + (((((long)tile.Token + t) * _config.HeadCount) + (head * _group)) * _headSize);
            new ReadOnlySpan<float>(source, _group * _headSize)
                .CopyTo(new Span<float>(scratch.Queries + (t * _group * _headSize), _group * _headSize));
        }
    }

    /// <summary>One chunk's partial softmax of every row of a tile.</summary>
    private void AttendChunk(in AttentionTile tile, int layer, int head, int chunk, AttentionScratch scratch)
    {
        const int PagesPerChunk = AttentionScratch.Chunk / KvPage.Slots;
        var rows = tile.Count * _group;
        var table = _plan.BlockTable(_plan.Slices[tile.Slice]);
        var start = chunk * AttentionScratch.Chunk;
        var firstPage = chunk * PagesPerChunk;
        var pages = Math.Min(PagesPerChunk, ((tile.Position + tile.Count - 1) / KvPage.Slots) + 1 - firstPage);

        var keys = _kv.Keys(layer, head);
        for (var p = 0; p < pages; p++)
        {
            TKv.Scores(
                scratch.Queries, rows, keys + ((long)table[firstPage + p] * _kv.PageBytes), scratch.Page, _headSize,
                scratch.Scores + (p * KvPage.Slots), AttentionScratch.Chunk);
        }

        scratch.ClearChunk(rows);
        for (var r = 0; r < rows; r++)
        {
            // A token of the tile may stand before the chunk: it sees none of it.
            var seen = Math.Clamp(tile.Position + (r / _group) + 1 - start, 0, pages * KvPage.Slots);
            scratch.Exponentiate<TLanes>(r, seen, pages * KvPage.Slots);
        }

        var values = _kv.Values(layer, head);
        for (var p = 0; p < pages; p++)
        {
            TKv.Accumulate(
                scratch.Scores + (p * KvPage.Slots), AttentionScratch.Chunk, rows,
                values + ((long)table[firstPage + p] * _kv.PageBytes), scratch.Page, _headSize, scratch.ChunkSums);
        }
    }
}
