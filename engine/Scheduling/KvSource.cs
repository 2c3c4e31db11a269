namespace Crescent.Engine.Scheduling;

/// <summary>Where the keys and values of a prompt's beginning are to be had, so that they need not be computed.</summary>
public sealed record KvSource
{
    /// <summary>
    /// Another request of the same engine with whose tokens the prompt begins: its blocks are shared, and only the block in which the two part is
    /// copied. Ignored when that request is gone.
    /// </summary>
    public long? Fork { get; init; }

    /// <summary>The blocks of <paramref name="request"/>; null for none.</summary>
    public static KvSource? OfFork(long? request) => request is null ? null : new KvSource { Fork = request };
}
