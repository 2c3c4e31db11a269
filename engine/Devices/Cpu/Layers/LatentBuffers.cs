using Crescent.Engine.Devices.Cpu.Memory;
using Crescent.Engine.Devices.Cpu.Weights;
using Crescent.Engine.Model.Layers;

namespace Crescent.Engine.Devices.Cpu.Layers;

/// <summary>Working memory of latent attention, as much as the largest layer needs; layers use it one after the other.</summary>
internal sealed unsafe class LatentBuffers : IDisposable
{
    private readonly int _rows;
    private readonly int _columns;
    private ActivationRows? _parts;

    /// <param name="operators">All of a model; at least one.</param>
    /// <param name="tokens">Of a step, at most.</param>
    public LatentBuffers(IReadOnlyList<LatentAttentionOperator> operators, int tokens)
    {
        var heads = operators.Max(static latent => latent.Core.Heads.Count);
        _rows = checked(tokens * heads);
        _columns = operators.Max(static latent => Math.Max(latent.PlainSize, latent.Rank));
        Down = NativeBuffer.OfFloats((long)tokens * operators.Max(static latent => latent.Core.Query.Columns));
        Queries = NativeBuffer.OfFloats((long)tokens * operators.Max(static latent => latent.Core.Query.Rows));
        Keys = NativeBuffer.OfFloats((long)tokens * operators.Max(static latent => latent.Core.Heads.Size));
        Values = NativeBuffer.OfFloats((long)tokens * operators.Max(static latent => latent.Core.Output.Columns));
        HeadRows = new NativeBuffer((long)_rows * sizeof(int));
        for (var head = 0; head < heads; head++)
        {
            for (var token = 0; token < tokens; token++)
                ((int*)HeadRows.Data)[(head * tokens) + token] = (head * tokens) + token;
        }

        MaxTokens = tokens;
    }

    /// <summary>Of a step.</summary>
    public int MaxTokens { get; }

    /// <summary>(queryRank, tokens).</summary>
    public NativeBuffer Down { get; }

    /// <summary>(plain and turning parts of heads, tokens).</summary>
    public NativeBuffer Queries { get; }

    /// <summary>(c and turning part, tokens).</summary>
    public NativeBuffer Keys { get; }

    /// <summary>(values of heads, tokens).</summary>
    public NativeBuffer Values { get; }

    /// <summary>int (maxTokens, heads): the row of <see cref="Parts"/> of each token of a head.</summary>
    public NativeBuffer HeadRows { get; }

    /// <summary>Rows of single heads: head * maxTokens + token.</summary>
    public ActivationRows Parts => _parts!;

    /// <summary>Makes room for activations in all formats that some matrix of the model takes.</summary>
    public void Allocate(ActivationFormat formats) => _parts = new ActivationRows(_rows, _columns, formats);

    public void Dispose()
    {
        Down.Dispose();
        Queries.Dispose();
        Keys.Dispose();
        Values.Dispose();
        HeadRows.Dispose();
        _parts?.Dispose();
    }
}
