namespace Crescent.Engine.Kv;

/// <summary>
/// What it is worth to keep the content of a block that nobody holds, as a level: a block is taken for something else only when none of a lower level is free.
/// It is never a reason to refuse somebody a block.
/// </summary>
public static class KvWorth
{
    /// <summary>It has no content that can be found.</summary>
    public const int Nothing = 0;

    /// <summary>Content behind the window of a sequence that goes on, of use to those alone who part with it there: not worth a copy to the host.</summary>
    public const int Passed = 1;

    /// <summary>Content that may be asked for again, of which no more is known.</summary>
    public const int Ordinary = 2;

    /// <summary>Content that is likely to be asked for, the more the higher: from here to <see cref="Awaited"/> less one.</summary>
    public const int Expected = 3;

    /// <summary>Content that a call waits for.</summary>
    public const int Awaited = 8;

    /// <summary>Levels in all.</summary>
    public const int Levels = Awaited + 1;
}
