namespace Crescent.Silo.Configuration;

/// <summary>The process cannot start; the message says why and what to do, and is all that its user needs.</summary>
public sealed class StartException(string message, Exception? inner = null) : Exception(message, inner);
