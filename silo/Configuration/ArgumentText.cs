namespace Crescent.Silo.Configuration;

/// <summary>What exceptions about arguments say, for people.</summary>
internal static class ArgumentText
{
    /// <summary>The message without the name that the argument has in the program.</summary>
    public static string Plain(this ArgumentException fault) =>
        fault.ParamName is { } name ? fault.Message.Replace($" (Parameter '{name}')", "", StringComparison.Ordinal) : fault.Message;
}
