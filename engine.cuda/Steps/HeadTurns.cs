using Crescent.Engine.Cuda.Compilation;
using Crescent.Engine.Cuda.Memory;
using Crescent.Engine.Cuda.Weights;
using Crescent.Engine.Model.Layers;
using ManagedCuda.BasicTypes;

namespace Crescent.Engine.Cuda.Steps;

/// <summary>How far heads turn at the positions of a step, in each of a model's ways: computed once a step for all layers. Way -1 is not to turn.</summary>
internal sealed class HeadTurns
{
    private readonly StepTools _tools;
    private readonly IReadOnlyList<RopeWeights> _ropes;
    private readonly Kernel _angles;
    private readonly DeviceBuffer[] _turns; // float2 (dimensions / 2, tokens) of each way

    /// <param name="tools">Of the step.</param>
    /// <param name="ropes">Ways to turn.</param>
    public HeadTurns(StepTools tools, IReadOnlyList<RopeWeights> ropes)
    {
        _tools = tools;
        _ropes = ropes;
        _angles = tools.Kernels.Get("layers.cu", "rope_angles");
        _turns = [.. ropes.Select(rope => tools.Allocate(4L * rope.Settings.Dimensions))];
    }

    /// <summary>Queues the angles of a step's positions.</summary>
    public void Begin(int tokens)
    {
        for (var i = 0; i < _turns.Length; i++)
        {
            var rope = _ropes[i];
            var half = rope.Settings.Dimensions / 2;
            _angles.With(_tools.Layout.Positions).With(rope.Frequencies.Pointer).With(_turns[i].Pointer).With(tokens).With(half).With((float)rope.Settings.Magnitude)
                .Launch(((tokens * half) + 127) / 128, 1, 128);
        }
    }

    /// <summary>float2 (dimensions / 2, tokens): cosine and sine.</summary>
    public CUdeviceptr Of(int way) => way >= 0 ? _turns[way].Pointer : default;

    /// <summary>Values of a head that turn.</summary>
    public int Dimensions(int way) => way >= 0 ? _ropes[way].Settings.Dimensions : 0;

    /// <summary>1 where neighbours turn together, 0 where halves do: as kernels are told.</summary>
    public int Interleaved(int way) => way >= 0 && _ropes[way].Settings.Layout == RopeLayout.Interleaved ? 1 : 0;
}
