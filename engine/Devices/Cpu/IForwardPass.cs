namespace Crescent.Engine.Devices.Cpu;

/// <summary>The forward pass, whatever instruction set it is compiled for.</summary>
internal interface IForwardPass : IDisposable
{
    /// <summary>Runs a plan that has been checked against the device's limits.</summary>
    /// <returns>The rows of logits (vocabulary, rows).</returns>
    Span<float> Execute(StepPlan plan);

    /// <summary>The hidden states of the last plan (width, rows).</summary>
    ReadOnlySpan<float> HiddenStates { get; }
}
