namespace Crescent.Grains.Kept;

/// <summary>What there is under a key.</summary>
public enum KeptState
{
    /// <summary>Whoever asked is to begin it, or to give the key back.</summary>
    Claimed,

    /// <summary>Somebody else is about to begin it: ask again.</summary>
    Pending,

    /// <summary>An answer, under way or at its end.</summary>
    There,

    /// <summary>An answer to another request.</summary>
    Other,

    /// <summary>Nothing, and no room for more.</summary>
    Full,
}
