using Crescent.Engine.Model.Layers;

namespace Crescent.Engine.Devices.Cpu.Memory;

/// <summary>What the phases of a step hand to each other: one row for each token of the step.</summary>
internal sealed unsafe class StepBuffers : IDisposable
{
    public StepBuffers(StepSizes sizes, int tokens)
    {
        Residual = NativeBuffer.OfFloats((long)tokens * sizes.Width);
        Branch = NativeBuffer.OfFloats((long)tokens * sizes.Width);
        Query = NativeBuffer.OfFloats((long)tokens * sizes.QueryWidth);
        Key = NativeBuffer.OfFloats((long)tokens * sizes.KvWidth);
        Value = NativeBuffer.OfFloats((long)tokens * sizes.KvWidth);
        Attended = NativeBuffer.OfFloats((long)tokens * sizes.QueryWidth);
        Hidden = NativeBuffer.OfFloats((long)tokens * sizes.HiddenWidth);
        Positions = new int[tokens];
        Slices = new int[tokens];
    }

    /// <summary>(width, tokens): the residual stream.</summary>
    public NativeBuffer Residual { get; }

    /// <summary>(width, tokens): what a branch gives before its norm or its scale.</summary>
    public NativeBuffer Branch { get; }

    /// <summary>(queryWidth of the layer, tokens): queries before bias, norm and rotation.</summary>
    public NativeBuffer Query { get; }

    /// <summary>(kvWidth of the layer, tokens).</summary>
    public NativeBuffer Key { get; }

    /// <summary>(kvWidth of the layer, tokens).</summary>
    public NativeBuffer Value { get; }

    /// <summary>(queryWidth of the layer, tokens): what attention gives.</summary>
    public NativeBuffer Attended { get; }

    /// <summary>(hidden width of the part, tokens or pairs of token and expert): what is between the matrices of a feed-forward part.</summary>
    public NativeBuffer Hidden { get; }

    /// <summary>The query of a head, behind which its gate lies where there is one.</summary>
    public float* QueryOf(int token, int head, AttentionOperator attention)
    {
        var parts = attention.HasOutputGate ? 2 : 1;
        return Query.Floats + ((long)token * parts * attention.Heads.QueryWidth) + (head * parts * attention.Heads.Size);
    }

    /// <summary>(tokens): position in its sequence.</summary>
    public int[] Positions { get; }

    /// <summary>(tokens): index of its slice in the plan.</summary>
    public int[] Slices { get; }

    /// <summary>Takes in the positions and slices of <paramref name="plan"/>.</summary>
    public void Begin(StepPlan plan)
    {
        var slices = plan.Slices;
        for (var s = 0; s < slices.Length; s++)
        {
            for (var t = 0; t < slices[s].TokenCount; t++)
            {
                Positions[slices[s].TokenOffset + t] = slices[s].StartPosition + t;
                Slices[slices[s].TokenOffset + t] = s;
            }
        }
    }

    public void Dispose()
    {
        Residual.Dispose();
        Branch.Dispose();
        Query.Dispose();
        Key.Dispose();
        Value.Dispose();
        Attended.Dispose();
        Hidden.Dispose();
    }
}
