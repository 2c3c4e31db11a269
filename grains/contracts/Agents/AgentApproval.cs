namespace Crescent.Grains.Contracts.Agents;

/// <summary>A call of a tool that waits for a person.</summary>
/// <param name="Step">The step.</param>
/// <param name="Tool">The tool.</param>
/// <param name="Arguments">Its arguments, a JSON object.</param>
/// <param name="Hash">Approve by this: it stands for exactly what then runs.</param>
[GenerateSerializer, Immutable, Alias("Crescent.AgentApproval")]
public sealed record AgentApproval(
    [property: Id(0)] string Step,
    [property: Id(1)] string Tool,
    [property: Id(2)] string Arguments,
    [property: Id(3)] string Hash)
{
    /// <summary>Without what callers and models wrote: messages that are late or lost stand in logs.</summary>
    public override string ToString() => $"{nameof(AgentApproval)} {Step} {Tool}";
}
