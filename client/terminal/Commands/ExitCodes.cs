namespace Crescent.Client.Commands;

/// <summary>How the process ends.</summary>
internal static class ExitCodes
{
    public const int Success = 0;

    /// <summary>A failure, or a wrong command line; standard error has the reason.</summary>
    public const int Failure = 1;

    /// <summary>The work was done, and what came of it is not what was asked for: <c>load --fail-if</c>.</summary>
    public const int Missed = 2;

    /// <summary>Ctrl+C cut the work short; the shell's number for it.</summary>
    public const int Interrupted = 130;
}
