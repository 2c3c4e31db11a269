namespace Crescent.Grains.Placement;

/// <summary>The terms of a score; the lowest sum wins. Terms that a policy does not use are 0.</summary>
/// <param name="Queue">Seconds until the first token, over <see cref="PowerQueuePolicy.QueueReferenceSeconds"/>; calls for least-queue.</param>
/// <param name="Blocks">Pressure on the KV blocks.</param>
/// <param name="Power">Added watts over the headroom under the cap, weighted.</param>
public readonly record struct PlacementTerms(double Queue, double Blocks, double Power)
{
    /// <summary>The score.</summary>
    public double Score => Queue + Blocks + Power;
}
