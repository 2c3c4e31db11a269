namespace Crescent.Grains.Contracts.Agents;

/// <summary>A task cannot be taken, or what is asked of it cannot be done.</summary>
[GenerateSerializer, Alias("Crescent.AgentRefusedException")]
public sealed class AgentRefusedException(string field, string message, TimeSpan? retryAfter = null) : Exception(message)
{
    /// <summary>The field at fault; empty when it is not a matter of the request.</summary>
    [Id(0)] public string Field { get; } = field;

    /// <summary>When to try again, where that makes sense.</summary>
    [Id(1)] public TimeSpan? RetryAfter { get; } = retryAfter;
}
