using Crescent.Control.Placement;

namespace Crescent.Tests.Grains;

/// <summary>A cluster whose calls go where the cache holds most of their prompt, and among equals in turn.</summary>
public sealed class CachingCluster : FactoryCluster
{
    protected override string Policy => KvQueuePolicy.PolicyName;
}
