using Crescent.Engine.Model.Architectures;

namespace Crescent.Engine.Devices.Cpu.Memory;

/// <summary>What the phases of a step hand to each other: one row for each token of the step.</summary>
internal sealed unsafe class StepBuffers : IDisposable
{
    public StepBuffers(ModelConfig config, int tokens)
    {
        var hiddenRows = (long)tokens * Math.Max(1, config.ExpertUsedCount);
        Residual = NativeBuffer.OfFloats((long)tokens * config.Width);
        Query = NativeBuffer.OfFloats((long)tokens * config.QueryWidth);
        Key = NativeBuffer.OfFloats((long)tokens * config.KvWidth);
        Value = NativeBuffer.OfFloats((long)tokens * config.KvWidth);
        Attended = NativeBuffer.OfFloats((long)tokens * config.QueryWidth);
        Hidden = NativeBuffer.OfFloats(hiddenRows * config.FeedForwardWidth);
        Positions = new int[tokens];
        Slices = new int[tokens];
    }

    /// <summary>(width, tokens): the residual stream.</summary>
    public NativeBuffer Residual { get; }

    /// <summary>(queryWidth, tokens): queries before bias, norm and rotation.</summary>
    public NativeBuffer Query { get; }

    /// <summary>(kvWidth, tokens).</summary>
    public NativeBuffer Key { get; }

    /// <summary>(kvWidth, tokens).</summary>
    public NativeBuffer Value { get; }

    /// <summary>(queryWidth, tokens): what attention gives.</summary>
    public NativeBuffer Attended { get; }

    /// <summary>(feedForward, tokens * experts used): silu(gate) * up.</summary>
    public NativeBuffer Hidden { get; }

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
        Query.Dispose();
        Key.Dispose();
        Value.Dispose();
        Attended.Dispose();
        Hidden.Dispose();
    }
}
