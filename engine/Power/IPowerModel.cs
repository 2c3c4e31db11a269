namespace Crescent.Engine.Power;

/// <summary>What a device draws where no meter answers.</summary>
public interface IPowerModel
{
    /// <summary>Watts while nothing runs.</summary>
    double IdleWatts { get; }

    /// <summary>Highest watts: the cap in force.</summary>
    double CapWatts { get; }

    /// <summary>Watts during a step.</summary>
    /// <param name="sequences">Sequences in the step.</param>
    /// <param name="tokens">New tokens in the step.</param>
    double StepWatts(int sequences, int tokens);
}
