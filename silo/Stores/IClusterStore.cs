namespace Crescent.Silo.Stores;

/// <summary>Where a cluster keeps its membership and the state of its grains.</summary>
internal interface IClusterStore : IAsyncDisposable
{
    /// <summary>What and where it is, for people: without a password.</summary>
    string Where { get; }

    /// <summary>Makes a silo keep its membership there.</summary>
    void KeepMembership(ISiloBuilder silo);

    /// <summary>Makes a silo keep the state of its grains there.</summary>
    void KeepState(ISiloBuilder silo);

    /// <summary>Asks it for a sign of life.</summary>
    /// <exception cref="Exception">It gives none: the message says why.</exception>
    Task Ask(CancellationToken cancellationToken);
}
