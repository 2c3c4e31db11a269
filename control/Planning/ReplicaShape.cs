using Crescent.Engine.Devices;

namespace Crescent.Control.Planning;

/// <summary>What a replica is: the devices of one server, which come and go together.</summary>
/// <param name="Profile">What each of its devices costs.</param>
/// <param name="Devices">How many there are, 1 or more.</param>
/// <param name="Positions">Positions of context that each has room for.</param>
public sealed record ReplicaShape(DeviceProfile Profile, int Devices, double Positions)
{
    /// <summary>What the server draws beside its devices, W.</summary>
    public double HostWatts { get; init; }

    /// <summary>What it draws for each watt of a device, that watt included: fans and power supplies. At least 1.</summary>
    public double HostFactor { get; init; } = 1;

    /// <summary>Lowest caps of its devices together, W.</summary>
    public double LeastWatts => Devices * Profile.MinCapWatts;
}
