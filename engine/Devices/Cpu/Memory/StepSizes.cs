using Crescent.Engine.Model.Architectures;
using Crescent.Engine.Model.Layers;

namespace Crescent.Engine.Devices.Cpu.Memory;

/// <summary>The most that any layer of a model needs room for, in values of a token.</summary>
internal sealed record StepSizes
{
    /// <summary>The residual stream.</summary>
    public required int Width { get; init; }

    /// <summary>Queries.</summary>
    public required int QueryWidth { get; init; }

    /// <summary>Keys, and values.</summary>
    public required int KvWidth { get; init; }

    /// <summary>Between the matrices of feed-forward parts; over all chosen experts in a mixture.</summary>
    public required int HiddenWidth { get; init; }

    /// <summary>The longest row that a matrix is multiplied with.</summary>
    public required int Widest { get; init; }

    /// <summary>The most of a model.</summary>
    public static StepSizes Of(DecoderGraph graph)
    {
        var (width, query, kv, hidden, widest) = (graph.Config.Width, 0, 0, 0, graph.Config.Width);
        widest *= graph.HiddenInput is null ? 1 : 2;
        foreach (var step in graph.Operators)
        {
            switch (step)
            {
                case AttentionOperator attention:
                    query = Math.Max(query, checked((int)attention.Query.Rows));
                    kv = Math.Max(kv, attention.Heads.KvWidth);
                    widest = Math.Max(widest, attention.Heads.QueryWidth);
                    break;
                case LatentAttentionOperator latent:
                    query = Math.Max(query, latent.Core.Heads.QueryWidth);
                    kv = Math.Max(kv, latent.Core.Heads.KvWidth);
                    widest = latent.Matrices.Select(static matrix => matrix.Columns).Append(widest).Max();
                    break;
                case FeedForwardOperator dense:
                    hidden = Math.Max(hidden, dense.HiddenWidth);
                    widest = Math.Max(widest, dense.HiddenWidth);
                    break;
                case PerLayerInputOperator told:
                    hidden = Math.Max(hidden, told.Size);
                    widest = Math.Max(widest, told.Size);
                    break;
                case GatedDeltaNetOperator net:
                    widest = Math.Max(widest, net.ValueWidth);
                    break;
                case Mamba2Operator mamba:
                    widest = Math.Max(widest, mamba.Inner);
                    break;
                case MixtureOperator mixture:
                    hidden = Math.Max(hidden, mixture.UsedCount * mixture.HiddenWidth);
                    widest = Math.Max(widest, mixture.HiddenWidth);
                    break;
            }
        }

        return new StepSizes { Width = width, QueryWidth = query, KvWidth = kv, HiddenWidth = hidden, Widest = widest };
    }
}
