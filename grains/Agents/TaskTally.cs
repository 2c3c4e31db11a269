using Crescent.Agents.Tasks;

namespace Crescent.Grains.Agents;

/// <summary>Counts what a task does while it is played here, and not what is only played again.</summary>
/// <param name="machine">The task's machine.</param>
/// <param name="strategy">Its strategy.</param>
/// <param name="metrics">Where it is counted.</param>
internal sealed class TaskTally(AgentMachine machine, string strategy, AgentMetrics metrics)
{
    private AgentStand _stand;
    private bool _hasLeft;

    /// <summary>Has the machine take an entry that was stored, and counts what comes of it.</summary>
    public MachineMove Apply(TaskEntry entry)
    {
        var (lost, saved, hadEnded) = (machine.Bill.Lost.Attempts, machine.SamplesSaved, machine.HasEnded);
        var move = machine.Apply(entry);
        foreach (var note in move.Notes)
        {
            if (note is { Kind: NoteKinds.StepFinished, Result: { } result })
            {
                metrics.StepEnded(strategy, result.Outcome);
            }
        }

        if (machine.Bill.Lost.Attempts > lost)
        {
            metrics.Lost(machine.Bill.Lost.Attempts - lost);
        }

        if (machine.SamplesSaved > saved)
        {
            metrics.Saved(strategy, machine.SamplesSaved - saved);
        }

        if (machine.HasEnded && !hadEnded)
        {
            metrics.Ended(strategy, machine.State, machine.Cause);
        }

        return move;
    }

    /// <summary>Counts the task as it stands; not at all once it has ended, or goes on elsewhere.</summary>
    public void Count()
    {
        var now = _hasLeft || machine.HasEnded
            ? default
            : machine.State == TaskState.WaitingForApproval
                ? new AgentStand(0, 1, 0, machine.Waiting.Count())
                : new AgentStand(1, 0, machine.Running.Count(), machine.Waiting.Count());
        if (now != _stand)
        {
            metrics.Stands(_stand, now);
            _stand = now;
        }
    }

    /// <summary>It goes on elsewhere.</summary>
    public void Leave()
    {
        _hasLeft = true;
        Count();
    }
}
