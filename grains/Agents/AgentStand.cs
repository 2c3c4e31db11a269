namespace Crescent.Grains.Agents;

/// <summary>How tasks stand that a silo plays.</summary>
/// <param name="Running">Tasks of which something is under way.</param>
/// <param name="Waiting">Tasks that wait for a person alone.</param>
/// <param name="Steps">Steps under way.</param>
/// <param name="Approvals">Calls of tools that wait for a person.</param>
public readonly record struct AgentStand(int Running, int Waiting, int Steps, int Approvals)
{
    public static AgentStand operator +(AgentStand a, AgentStand b) => new(a.Running + b.Running, a.Waiting + b.Waiting, a.Steps + b.Steps, a.Approvals + b.Approvals);

    public static AgentStand operator -(AgentStand a, AgentStand b) => new(a.Running - b.Running, a.Waiting - b.Waiting, a.Steps - b.Steps, a.Approvals - b.Approvals);
}
