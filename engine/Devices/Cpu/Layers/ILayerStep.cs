using Crescent.Engine.Devices.Cpu.Memory;
using Crescent.Engine.Devices.Cpu.Weights;

namespace Crescent.Engine.Devices.Cpu.Layers;

/// <summary>An operator of a layer on the processor. All threads of the team go through it side by side.</summary>
internal interface ILayerStep : IDisposable
{
    /// <summary>What it takes for its input.</summary>
    ActivationFormat InputFormats { get; }

    /// <summary>Whether its input is still there when it has run; one of a branch that does not keep it comes last.</summary>
    bool KeepsInput { get; }

    /// <summary>Writes its output for all tokens of the step to <paramref name="target"/> (width, tokens), or adds it. A barrier must follow.</summary>
    void Run(int thread, in ActivationView x, NativeBuffer target, bool adds);
}
