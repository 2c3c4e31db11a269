using Crescent.Control.Placement;
using Crescent.Engine.Devices;
using Crescent.Engine.Scheduling;
using Crescent.Tests.Control.Placement;

namespace Crescent.Tests.Grains;

/// <summary>
/// A cluster with the default policy over devices that say what they cost: those of <see cref="Views.Gpu"/> with prompts at half a millisecond a
/// token, so that some hundred tokens are worth a decision.
/// </summary>
public sealed class PowerAwareCluster : FactoryCluster
{
    private const int Blocks = 1024;

    private static readonly DeviceProfile Profile = Views.Gpu with { PromptSeconds = 5e-4 };

    protected override string Policy => PowerAwarePolicy.PolicyName;

    /// <summary>Never: the question is where calls go at first.</summary>
    protected override double MoveMargin => 0;

    private protected override TestEngine Create(string silo, IEngineSink sink) => new(sink, Blocks, Profile);
}
