namespace Crescent.Grains.Metrics;

/// <summary>How well this silo knows the devices' caches; for display.</summary>
public interface IKvIndexState
{
    KvIndexState State();
}
