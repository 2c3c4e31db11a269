namespace Crescent.Silo.Configuration;

/// <summary>Where a cluster keeps its membership and the state of its grains.</summary>
public enum StoreKind
{
    /// <summary>In files, for silos that share a machine.</summary>
    File,

    /// <summary>In Redis, 6 or later; with its append-only file, or what it holds goes with its process.</summary>
    Redis,

    /// <summary>In PostgreSQL, 12 or later, in three tables that are made when they are not there.</summary>
    Postgres,
}
