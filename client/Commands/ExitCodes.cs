namespace Crescent.Client.Commands;

/// <summary>How the process ends.</summary>
internal static class ExitCodes
{
    public const int Success = 0;

    /// <summary>A failure, or a wrong command line; standard error has the reason.</summary>
    public const int Failure = 1;

    /// <summary>Ctrl+C cut the work short; the shell's number for it.</summary>
    public const int Interrupted = 130;
}
