namespace Crescent.Grains.Streams;

/// <summary>A generation was taken and could not be brought to its end: its devices failed it more often than it may try.</summary>
public sealed class GenerationFailedException(string message, Exception? inner = null) : Exception(message, inner);
