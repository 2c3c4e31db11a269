namespace Crescent.Grains.Contracts.Factory;

/// <summary>Reads the factory's state for a client; stateless, answered by whichever silo is asked.</summary>
[Alias("Crescent.IFactoryGrain")]
public interface IFactoryGrain : IGrainWithIntegerKey
{
    /// <summary>Silos and devices as the answering silo sees them now.</summary>
    [Alias("GetSnapshot")]
    Task<FactorySnapshot> GetSnapshot(CancellationToken cancellationToken);

    /// <summary>Why a request went where it went: the decisions of all silos about it.</summary>
    [Alias("GetDecisions")]
    Task<DecisionAnswer> GetDecisions(string requestId, CancellationToken cancellationToken);
}
