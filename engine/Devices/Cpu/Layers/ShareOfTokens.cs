using Crescent.Engine.Devices.Cpu.Memory;
using Crescent.Engine.Devices.Cpu.Weights;
using Crescent.Engine.Simd;

namespace Crescent.Engine.Devices.Cpu.Layers;

/// <summary>How much of a part's output each token takes: the sigmoid of one product with its input.</summary>
/// <param name="context">Of the forward pass.</param>
/// <param name="weights">(width, 1).</param>
/// <param name="maxTokens">Of a step.</param>
internal sealed unsafe class ShareOfTokens<TLanes>(LayerContext<TLanes> context, WeightMatrix weights, int maxTokens) : IDisposable
    where TLanes : unmanaged, ILanes<TLanes>
{
    private readonly NativeBuffer _shares = NativeBuffer.OfFloats(maxTokens);

    /// <summary>What it takes for its input.</summary>
    public ActivationFormat Format => weights.Format;

    /// <summary>(tokens).</summary>
    public float* Shares => _shares.Floats;

    /// <summary>Computes the shares; a barrier is behind it.</summary>
    public void Run(int thread, in ActivationView x)
    {
        context.Products.Store(thread, weights, 0, weights.Panels, x, context.Identity, context.Tokens, Shares, 1);
        context.Team.Barrier();
        if (thread == 0)
        {
            for (var t = 0; t < context.Tokens; t++)
                Shares[t] = 1 / (1 + VectorMath<TLanes>.Exp(-Shares[t]));
        }

        context.Team.Barrier();
    }

    public void Dispose()
    {
        weights.Dispose();
        _shares.Dispose();
    }
}
