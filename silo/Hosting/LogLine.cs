namespace Crescent.Silo.Hosting;

/// <summary>The lines that a silo logs: time, level, category, message.</summary>
internal static class LogLine
{
    /// <summary>What each line begins with.</summary>
    public const string TimestampFormat = "HH:mm:ss.fff ";

    private static readonly string[] Alarming = ["warn:", "fail:", "crit:"];

    /// <summary>Whether a line is of the level warning or above.</summary>
    public static bool IsAlarming(string line) =>
        line.Length > TimestampFormat.Length
        && Alarming.Any(level => line.AsSpan(TimestampFormat.Length).StartsWith(level, StringComparison.Ordinal));
}
