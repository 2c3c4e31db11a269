namespace Crescent.Grains.Turns;

/// <summary>Where turns are kept by which conversations go on.</summary>
public interface ITurnStore
{
    /// <summary>Keeps a turn; false where it is too long for that, or its keeper cannot be reached.</summary>
    Task<bool> Keep(string tenant, StoredTurn turn);

    /// <summary>A turn, or null.</summary>
    Task<StoredTurn?> Find(string tenant, string id);

    /// <summary>A turn and all before it, the first one first; null where one of them is not there any more.</summary>
    Task<IReadOnlyList<StoredTurn>?> Chain(string tenant, string id);

    /// <summary>Forgets a turn; false where there is none.</summary>
    Task<bool> Remove(string tenant, string id);
}
