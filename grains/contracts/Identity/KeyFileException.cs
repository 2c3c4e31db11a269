namespace Crescent.Grains.Contracts.Identity;

/// <summary>A key file cannot be read or written; the message names it and what is wrong.</summary>
public sealed class KeyFileException(string message, Exception? cause = null) : Exception(message, cause);
