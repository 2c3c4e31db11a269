namespace Crescent.Silo.Supervision;

/// <summary>When a silo that has ended is started again.</summary>
/// <param name="Most">Restarts in a row after which it is given up; 0 for none at all.</param>
internal sealed record RestartPolicy(int Most)
{
    /// <summary>A silo that has served for this long has recovered: its restarts are counted anew.</summary>
    public static readonly TimeSpan Recovery = TimeSpan.FromSeconds(60);

    /// <summary>The pause before the first restart, in which the others take over what it had; each is twice the one before.</summary>
    public static readonly TimeSpan FirstPause = TimeSpan.FromSeconds(2);

    /// <summary>The longest pause.</summary>
    public static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(30);

    /// <summary>The pause before the restart after <paramref name="before"/> others in a row.</summary>
    public static TimeSpan Pause(int before)
    {
        var pause = FirstPause * Math.Pow(2, Math.Min(before, 30));
        return pause < LongestPause ? pause : LongestPause;
    }

    /// <summary>Restarts in a row that count, once the silo has served for <paramref name="served"/>.</summary>
    public static int Counted(int restarts, TimeSpan served) => served >= Recovery ? 0 : restarts;
}
