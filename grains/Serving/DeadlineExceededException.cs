namespace Crescent.Grains.Serving;

/// <summary>The deadline that a call came with passed before there was anything to answer with.</summary>
public sealed class DeadlineExceededException(string message, Exception? inner = null) : Exception(message, inner);
