namespace Crescent.Bench.Gossip;

/// <summary>What a decision costs in a live silo.</summary>
internal sealed record PlacementFigures(string Name, bool IsQuiet, Times Refuse, Times Place, double Bytes)
{
    public double PlaceP99 => Place.P99;

    public override string ToString() =>
        $"placement, {Name}, {(IsQuiet ? "nothing else going on" : "reports coming in"),-21}: decision {Place}, {Bytes:F0} B; check before it {Refuse}";
}
