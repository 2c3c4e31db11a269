namespace Crescent.Silo.Configuration;

/// <summary>Forms of the log.</summary>
public enum LogFormat
{
    /// <summary>Lines for people.</summary>
    Text,

    /// <summary>An object a line, for programs.</summary>
    Json,
}
