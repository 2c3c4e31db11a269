using Crescent.Engine.Model.Layers;

namespace Crescent.Engine.Cuda.Parallel;

/// <summary>
/// A latent attention divided among GPUs by its heads. Each GPU makes the whole latent row of a token, and the row of low rank that queries come from: all heads need them, and
/// a sum in their place would cost more than the products do. So the rows that are kept are the same on all GPUs.
/// </summary>
/// <remarks>By rows: the matrix of heads' queries; by heads: their key and value matrices; by columns: the output's. Whole everywhere: what makes the two rows, with their norms.</remarks>
internal static class LatentShare
{
    /// <summary>Part <paramref name="part"/> of <paramref name="parts"/>, which divide the heads.</summary>
    public static LatentAttentionOperator Of(LatentAttentionOperator latent, int part, int parts)
    {
        var (core, heads) = (latent.Core, latent.KeyHeads.Count / parts);
        var (queries, values) = (heads * (latent.PlainSize + latent.TurningSize), heads * latent.ValueSize);
        return latent with
        {
            KeyHeads = [.. latent.KeyHeads.Skip(part * heads).Take(heads)],
            ValueHeads = [.. latent.ValueHeads.Skip(part * heads).Take(heads)],
            Core = core with
            {
                Heads = core.Heads with { Count = heads },
                Query = core.Query.Slice((long)part * queries, queries),
                Output = core.Output.SomeColumns(part * values, values),
            },
        };
    }
}
