namespace Crescent.Grains.Turns;

/// <summary>Keeps turns of a share of all tenants, in the memory of its silo alone; its key is the number of the share.</summary>
[Alias("Crescent.ITurnGrain")]
public interface ITurnGrain : IGrainWithIntegerKey
{
    /// <summary>Keeps a turn; false where it is too long for that.</summary>
    [Alias("Keep"), ResponseTimeout("00:00:05")]
    Task<bool> Keep(string tenant, StoredTurn turn);

    /// <summary>A turn, or null.</summary>
    [Alias("Find"), ResponseTimeout("00:00:05")]
    Task<StoredTurn?> Find(string tenant, string id);

    /// <summary>A turn and all before it, the first one first; null where one of them is not there any more.</summary>
    [Alias("Chain"), ResponseTimeout("00:00:10")]
    Task<StoredTurn[]?> Chain(string tenant, string id);

    /// <summary>Forgets a turn; false where there is none.</summary>
    [Alias("Remove"), ResponseTimeout("00:00:05")]
    Task<bool> Remove(string tenant, string id);
}
