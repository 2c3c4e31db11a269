using Crescent.Grains.Gossip;

namespace Crescent.Bench.Gossip;

/// <summary>What a report costs.</summary>
/// <param name="Silos">Silos.</param>
/// <param name="Devices">Devices of all of them.</param>
/// <param name="Bytes">Of a report on the wire, without the head of its message.</param>
/// <param name="Send">CPU to write it for one other silo, us.</param>
/// <param name="Take">CPU to read it and to take it, us.</param>
/// <param name="Held">Of that, time in which placement waits, us.</param>
internal sealed record GossipFigures(int Silos, int Devices, double Bytes, Times Send, Times Take, Times Held)
{
    /// <summary>Reports that a silo takes, and sends, in a second.</summary>
    public double PerSecond => (Silos - 1) / TelemetryService.Interval.TotalSeconds;

    /// <summary>Reports that one core could take in a second.</summary>
    public double MostPerSecond => 1e6 / Take.Mean;

    /// <summary>Share of a core that goes to reports, sent and taken.</summary>
    public double CoreShare => PerSecond * (Send.Mean + Take.Mean) / 1e6;

    public override string ToString() =>
        $"{Silos} silos, {Devices} devices: a report is {Bytes:F0} B; written in {Send}; read and taken in {Take}; placement waits {Held}{Environment.NewLine}"
        + $"  a silo takes and sends {PerSecond:F0} a second: {100 * CoreShare:F1} % of a core, {PerSecond * Bytes / 1e6:F2} MB/s each way; a core could take {MostPerSecond:F0}";
}
