using Crescent.Engine.Power;

namespace Crescent.Tests.Control.Power;

/// <summary>A cap that is a number.</summary>
internal sealed class FakeCap : IPowerCap
{
    public FakeCap(double min, double max) => (MinCapWatts, MaxCapWatts, CapWatts) = (min, max, max);

    public double MinCapWatts { get; }

    public double MaxCapWatts { get; }

    public double CapWatts { get; private set; }

    public double SetCap(double watts) => CapWatts = Math.Clamp(watts, MinCapWatts, MaxCapWatts);
}
