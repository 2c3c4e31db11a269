namespace Crescent.Engine.Scheduling;

/// <summary>Requests that were asked together and begin with the same prompt, such as the choices of one answer: all hold the same group.</summary>
/// <param name="Id">For logs: the id of what asked for them.</param>
public sealed record SiblingGroup(string Id);
