using Crescent.Engine.Devices.Cpu.Memory;
using Crescent.Engine.Model.Layers;
using Crescent.Engine.Simd;

namespace Crescent.Engine.Devices.Cpu.Attention;

/// <summary>
/// What happens to the heads of queries, keys and values between their projection and attention: biases, norms, rotation. Queries are also scaled; keys
/// and values go to their pages.
/// </summary>
internal sealed unsafe class HeadPreparation<TLanes, TKv> : IDisposable
    where TLanes : unmanaged, ILanes<TLanes>
    where TKv : IKvFormat
{
    private readonly StepBuffers _buffers;
    private readonly KvMemory _kv;
    private readonly float _epsilon;
    private readonly Rotation<TLanes>[] _rotations;
    private readonly NativeBuffer _queries;

    /// <param name="buffers">Of the step.</param>
    /// <param name="kv">Where keys and values go.</param>
    /// <param name="ropes">All ways to turn of the model.</param>
    /// <param name="epsilon">Of norms.</param>
    /// <param name="queryValues">Padded query values of a token, at most.</param>
    /// <param name="tokens">Of a step, at most.</param>
    public HeadPreparation(StepBuffers buffers, KvMemory kv, IReadOnlyList<RopeSettings> ropes, float epsilon, int queryValues, int tokens)
    {
        _buffers = buffers;
        _kv = kv;
        _epsilon = epsilon;
        _rotations = [.. ropes.Select(rope => new Rotation<TLanes>(rope, tokens))];
        _queries = NativeBuffer.OfFloats((long)tokens * queryValues);
    }

    /// <summary>(padded head, heads, tokens) of the layer at hand: queries that are ready.</summary>
    public float* Queries => _queries.Floats;

    /// <summary>Computes the rotary angles of a token.</summary>
    public void PrepareAngles(int token)
    {
        foreach (var rotation in _rotations)
            rotation.Prepare(token, _buffers.Positions[token]);
    }

    /// <summary>Makes a query ready.</summary>
    public void PrepareQuery(int token, int head, AttentionLayer layer, float* row)
    {
        var heads = layer.Heads;
        var query = _buffers.QueryOf(token, head, layer.Operator);
        query = BiasAndNorm(query, layer.QueryBias == null ? null : layer.QueryBias + (head * heads.Size), layer.QueryNorm, heads.Size, row);
        var scale = layer.Operator.Scale;
        if (layer.Operator.Temperature is { } temperature)
            scale *= temperature.At(_buffers.Positions[token]);
        Turn(token, query, layer, scale, Queries + ((((long)token * heads.Count) + head) * layer.PaddedHead));
    }

    /// <summary>Makes a key and a value ready and stores them in <paramref name="block"/>.</summary>
    public void StoreKeyAndValue(int token, int head, int block, AttentionLayer layer, float* row)
    {
        var heads = layer.Heads;
        var (size, padded) = (heads.Size, layer.PaddedHead);
        var turned = row + padded;
        var page = (long)block * _kv.Stride(layer.Cache);
        var slot = _buffers.Positions[token] % KvPage.Slots;

        new Span<float>(turned, padded).Clear();
        var key = _buffers.Key.Floats + ((long)token * heads.KvWidth) + (head * size);
        key = BiasAndNorm(key, layer.KeyBias == null ? null : layer.KeyBias + (head * size), layer.KeyNorm, size, row);
        Turn(token, key, layer, 1, turned);
        TKv.StoreKey(_kv.Keys(layer.Cache, head) + page, slot, turned, padded);

        // The values are the keys before they turn where there are none.
        var value = (layer.Operator.Value is null ? _buffers.Key : _buffers.Value).Floats + ((long)token * heads.KvWidth) + (head * size);
        value = BiasAndNorm(value, layer.ValueBias == null ? null : layer.ValueBias + (head * size), null, size, row);
        new Span<float>(turned, padded).Clear();
        if (layer.Operator.NormalisesValues)
            VectorMath<TLanes>.Multiply(value, VectorMath<TLanes>.RmsScale(value, size, _epsilon), turned, size);
        else
            new ReadOnlySpan<float>(value, size).CopyTo(new Span<float>(turned, size));
        TKv.StoreValue(_kv.Values(layer.Cache, head) + page, slot, turned, padded);
    }

    public void Dispose()
    {
        foreach (var rotation in _rotations)
            rotation.Dispose();
        _queries.Dispose();
    }

    private void Turn(int token, float* x, AttentionLayer layer, float scale, float* output)
    {
        var size = layer.Heads.Size;
        if (layer.Rope >= 0)
            _rotations[layer.Rope].Turn(token, x, size, scale, output);
        else
            VectorMath<TLanes>.Multiply(x, scale, output, size);
        if (layer.Operator.NormalisesTurned)
            VectorMath<TLanes>.Multiply(output, scale * VectorMath<TLanes>.RmsScale(output, size, _epsilon * scale * scale), output, size);
    }

    private float* BiasAndNorm(float* x, float* bias, float* norm, int size, float* row)
    {
        if (bias != null)
        {
            new ReadOnlySpan<float>(x, size).CopyTo(new Span<float>(row, size));
            VectorMath<TLanes>.Add(bias, row, size);
            x = row;
        }

        if (norm != null)
        {
            VectorMath<TLanes>.Scale(x, norm, VectorMath<TLanes>.RmsScale(x, size, _epsilon), row, size);
            x = row;
        }

        return x;
    }
}
