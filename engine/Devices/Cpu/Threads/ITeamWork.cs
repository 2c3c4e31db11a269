namespace Crescent.Engine.Devices.Cpu.Threads;

/// <summary>Work that every thread of a <see cref="ComputeTeam"/> takes its part of.</summary>
internal interface ITeamWork
{
    /// <summary>Runs on each thread of the team at once; <paramref name="thread"/> counts from 0.</summary>
    void Run(int thread);
}
