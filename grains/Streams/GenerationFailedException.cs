using Crescent.Grains.Contracts.Chat;

namespace Crescent.Grains.Streams;

/// <summary>A generation was taken and could not be brought to its end: its devices failed it more often than it may try.</summary>
public sealed class GenerationFailedException(string message, Exception? inner = null) : Exception(message, inner)
{
    /// <summary>What its attempts took, as far as it is known here; null where nothing is.</summary>
    public ChatUsage? Usage { get; init; }
}
