namespace Crescent.Engine.Scheduling;

/// <summary>A sink could not take an output; it says how far it came, so that only that output's request ends.</summary>
/// <param name="taken">Outputs of the step that it has taken before.</param>
/// <param name="fault">Why it did not take the next.</param>
public sealed class SinkFaultException(int taken, Exception fault) : Exception($"Output {taken} of a step could not be taken: {fault.Message}", fault)
{
    /// <summary>Outputs of the step that it has taken before.</summary>
    public int Taken { get; } = taken;
}
