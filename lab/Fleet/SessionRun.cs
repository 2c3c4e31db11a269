using Crescent.Engine.Scheduling;
using Crescent.Lab.Traces;

namespace Crescent.Lab.Fleet;

/// <summary>A session, or a sub-agent of one, as it goes on in a fleet: a call is made when the one before has ended and its pause is over.</summary>
/// <param name="load">Whose it is.</param>
/// <param name="session">What it does.</param>
/// <param name="content">What tells its prompts from those of another run of the same session.</param>
/// <param name="name">Its program.</param>
/// <param name="parent">The run whose sub-agent it is; null for none.</param>
/// <param name="first">The turn that it begins with.</param>
internal sealed class SessionRun(SessionLoad load, Session session, int content, string name, SessionRun? parent, int first = 0) : Virtual.IVirtualEvent, IFleetCaller
{
    private int _turn = first;
    private int _agents;
    private TaskRecord? _task;

    /// <summary>Makes the next call.</summary>
    public void Fire()
    {
        var turn = session.Turns[_turn];
        _task ??= parent?._task ?? load.BeginTask();
        load.Fleet.Take(new FleetRequest
        {
            Prompt = number => SessionTrace.Prompt(turn, content, number, load.Vocabulary),
            PromptTokens = turn.PromptTokens,
            OutputTokens = turn.OutputTokens,
            Caller = this,
            Call = new InferenceRequest
            {
                Prompt = [],
                MaxTokens = turn.OutputTokens,
                Program = name,
                ParentProgram = parent?.Name,
                IsCritical = parent is null,
                EndsProgram = _turn == session.Turns.Count - 1,
                Priority = load.Priority,
            },
        });
    }

    /// <summary>Its program.</summary>
    public string Name => name;

    /// <inheritdoc/>
    public void Ended(FleetCall call)
    {
        _task!.Calls++;
        _task.CallSeconds += call.EndedAt - call.ArrivedAt;
        _task.Work += call.Uncached + (2.0 * call.Tokens);
        _task.Failed |= call.Failed;
        load.TurnEnded(call);
        if (session.Turns[_turn].EndsTask && parent is null)
        {
            EndTask();
        }

        if (++_turn == session.Turns.Count || call.Failed)
        {
            End();
            return;
        }

        var agents = session.Turns[_turn].Agents;
        _agents = agents.Count;
        for (var i = 0; i < agents.Count; i++)
        {
            load.Fleet.After(0, new SessionRun(load, agents[i], content, $"{name}.{_turn}.{i}", this));
        }

        if (agents.Count == 0)
        {
            Pause();
        }
    }

    private void Pause() => load.Fleet.After(session.Turns[_turn].Pause, this);

    private void End()
    {
        if (parent is null)
        {
            EndTask();
            load.SessionEnded();
        }
        else if (--parent._agents == 0)
        {
            parent.Pause();
        }
    }

    private void EndTask()
    {
        if (_task is { } task)
        {
            load.EndTask(task);
            _task = null;
        }
    }
}
