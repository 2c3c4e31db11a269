using System.Runtime.InteropServices;
using Crescent.Engine.Model.Architectures;
using Crescent.Engine.Model.Gguf;
using Crescent.Engine.Model.Layers;

namespace Crescent.Tests.Cuda;

/// <summary>
/// A model with a key and a value head for each query head, which are copies of those that query heads shared: the same function, that more GPUs can share. Its copies
/// live as long as this.
/// </summary>
internal sealed unsafe class ExpandedHeads : IDisposable
{
    private readonly List<nint> _memory = [];

    public ExpandedHeads(DecoderGraph graph) => Graph = graph with
    {
        Config = graph.Config with { KvHeadCount = graph.Config.HeadCount },
        Layers =
        [
            .. graph.Layers.Select(layer => layer with
            {
                Branches = [.. layer.Branches.Select(branch => branch with { Operators = [.. branch.Operators.Select(step => step is AttentionOperator attention ? Expand(attention) : step)] })],
            }),
        ],
    };

    public DecoderGraph Graph { get; }

    public void Dispose() => _memory.ForEach(static memory => NativeMemory.Free((void*)memory));

    private AttentionOperator Expand(AttentionOperator attention)
    {
        var (kept, copies) = (attention.Heads.KvCount, attention.Heads.Count / attention.Heads.KvCount);
        return attention with
        {
            Heads = attention.Heads with { KvCount = attention.Heads.Count },
            Key = Repeat(attention.Key!, kept, copies),
            Value = Repeat(attention.Value!, kept, copies),
            KeyBias = attention.KeyBias is { } key ? Repeat(key, kept, copies) : null,
            ValueBias = attention.ValueBias is { } value ? Repeat(value, kept, copies) : null,
        };
    }

    // Each head's rows, or values of a vector, so many times.
    private GgufTensor Repeat(GgufTensor tensor, int heads, int copies)
    {
        var target = (byte*)NativeMemory.Alloc((nuint)(tensor.ByteLength * copies));
        _memory.Add((nint)target);
        var bytes = tensor.ByteLength / heads;
        for (var head = 0; head < heads * copies; head++)
            NativeMemory.Copy(tensor.Data + (head / copies * bytes), target + (head * bytes), (nuint)bytes);
        return new GgufTensor(
            tensor.Name, tensor.Type, tensor.Rows == 1 ? [tensor.Columns * copies] : [tensor.Columns, tensor.Rows * copies], target, tensor.ByteLength * copies);
    }
}
