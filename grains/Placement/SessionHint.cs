using Crescent.Control.Placement;

namespace Crescent.Grains.Placement;

/// <summary>What the last turn of a call's session has left on a device a moment ago, whether its cache events have come or not.</summary>
/// <param name="Device"><c>silo/device</c>.</param>
/// <param name="Blocks">Leading blocks of the prompt, of the device's size, that it must have cached; at least 1.</param>
[GenerateSerializer, Immutable, Alias("Crescent.SessionHint")]
public sealed record SessionHint([property: Id(0)] string Device, [property: Id(1)] int Blocks)
{
    /// <summary>Counts the blocks as cached, unless more of them are known to be. The score still decides.</summary>
    internal void Credit(FactoryView view)
    {
        if (view.IndexOf(Device) is var at and >= 0)
        {
            view.ChangeOverlap()[at] = Math.Max(view.ChangeOverlap()[at], Blocks);
        }
    }
}
