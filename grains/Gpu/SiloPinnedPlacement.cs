using Crescent.Grains.Telemetry;

namespace Crescent.Grains.Gpu;

/// <summary>Places a grain whose key is a <see cref="DeviceKey"/> in the silo that the key names.</summary>
[GenerateSerializer, Immutable, Alias("Crescent.SiloPinnedPlacement")]
public sealed class SiloPinnedPlacement : PlacementStrategy
{
    internal static readonly SiloPinnedPlacement Instance = new();
}
