using Crescent.Control.Power;

namespace Crescent.Grains.Gpu;

/// <summary>A <see cref="CapOrder"/> on its way to a device.</summary>
/// <param name="Watts">The cap.</param>
/// <param name="Term">See <see cref="CapStamp"/>.</param>
/// <param name="Number">See <see cref="CapStamp"/>.</param>
/// <param name="Incarnation">See <see cref="CapOrder.Incarnation"/>.</param>
/// <param name="IsCeiling">See <see cref="CapOrder.IsCeiling"/>.</param>
[GenerateSerializer, Immutable, Alias("Crescent.CapCommand")]
public sealed record CapCommand(
    [property: Id(0)] double Watts,
    [property: Id(1)] long Term,
    [property: Id(2)] long Number,
    [property: Id(3)] long Incarnation,
    [property: Id(4)] bool IsCeiling)
{
    internal static CapCommand Of(in CapOrder order) => new(order.Watts, order.Stamp.Term, order.Stamp.Number, order.Incarnation, order.IsCeiling);

    internal CapOrder Order(string device) =>
        new(device, Watts) { Stamp = new CapStamp(Term, Number), Incarnation = Incarnation, IsCeiling = IsCeiling };
}
