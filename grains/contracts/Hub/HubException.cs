namespace Crescent.Grains.Contracts.Hub;

/// <summary>A model cannot be had from the hub or from the folder of those that were: one line that says why, and what to do about it.</summary>
public sealed class HubException(string message, string remedy, Exception? cause = null) : Exception(message, cause)
{
    /// <summary>What whoever asked for it can do.</summary>
    public string Remedy { get; } = remedy;
}
