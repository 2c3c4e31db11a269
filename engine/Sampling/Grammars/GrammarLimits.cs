namespace Crescent.Engine.Sampling.Grammars;

/// <summary>How much grammars may take: the bounds that keep one request's structure from costing the others their memory or their tokens.</summary>
public sealed record GrammarLimits
{
    public const int DefaultMaxStates = 200_000;
    public const int LeastMaxStates = 1000;
    public const int MostMaxStates = 10_000_000;
    public const long DefaultMaxBytes = 16 << 20;
    public const long DefaultCacheBytes = 64 << 20;
    public const long DefaultStoreBytes = 16 << 20;
    public const long DefaultAllStoresBytes = 64 << 20;
    public const long DefaultMaxMaskWork = 50_000_000;
    public const long LeastMaxMaskWork = 10_000;

    /// <summary>How many times <see cref="CompileTime"/> a request has that another silo has compiled within it and taken.</summary>
    public const int TakenTime = 8;

    public static readonly TimeSpan DefaultCompileTime = TimeSpan.FromSeconds(2);

    /// <summary>States of one compiled grammar; <see cref="LeastMaxStates"/> to <see cref="MostMaxStates"/>.</summary>
    public int MaxStates { get; init; } = DefaultMaxStates;

    /// <summary>Bytes of one compiled grammar, while it is made too; 64 KiB and up.</summary>
    public long MaxBytes { get; init; } = DefaultMaxBytes;

    /// <summary>Time that compiling one grammar may take once it has begun; above 0.</summary>
    public TimeSpan CompileTime { get; init; } = DefaultCompileTime;

    /// <summary>Bytes of all compiled grammars that are kept or in use; at least <see cref="MaxBytes"/>.</summary>
    public long CacheBytes { get; init; } = DefaultCacheBytes;

    /// <summary>Bytes of what one grammar has worked out of its texts, states and masks: the longest unused go first; 64 KiB and up.</summary>
    public long StoreBytes { get; init; } = DefaultStoreBytes;

    /// <summary>The same of all grammars together; at least <see cref="StoreBytes"/>.</summary>
    public long AllStoresBytes { get; init; } = DefaultAllStoresBytes;

    /// <summary>
    /// Places of the grammar that may be looked at to find the tokens allowed at one point of a text; above it the structure is too
    /// ambiguous to go on with. <see cref="LeastMaxMaskWork"/> and up; a million takes some 20 ms.
    /// </summary>
    public long MaxMaskWork { get; init; } = DefaultMaxMaskWork;

    /// <summary>Throws when a value is out of its range.</summary>
    public void Validate()
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(MaxStates, LeastMaxStates);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(MaxStates, MostMaxStates);
        ArgumentOutOfRangeException.ThrowIfLessThan(MaxBytes, 1 << 16);
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(CompileTime, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfLessThan(CacheBytes, MaxBytes);
        ArgumentOutOfRangeException.ThrowIfLessThan(StoreBytes, 1 << 16);
        ArgumentOutOfRangeException.ThrowIfLessThan(AllStoresBytes, StoreBytes);
        ArgumentOutOfRangeException.ThrowIfLessThan(MaxMaskWork, LeastMaxMaskWork);
    }
}
