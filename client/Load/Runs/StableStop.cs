using Crescent.Client.Load.Measures;

namespace Crescent.Client.Load.Runs;

/// <summary>Ends a run when its figures hold. It looks at them in a thread of its own, for the pool's read answers.</summary>
internal sealed class StableStop(StableGoal goal) : IDisposable
{
    private const int PeriodMs = 50;

    private readonly StableSeries _series = new(goal);
    private Thread? _thread;
    private volatile bool _stopped;

    /// <summary>What is known now.</summary>
    public StableOutcome Outcome => _series.Outcome;

    /// <summary>A call has ended.</summary>
    public void Add(in CallRecord call, bool measured)
    {
        if (measured && call.End == CallEnd.Whole)
        {
            _series.Add(call);
        }
    }

    /// <summary>Begins to look.</summary>
    public void Watch(LoadRun run)
    {
        _thread = new Thread(() => Turn(run)) { IsBackground = true, Name = "load stability" };
        _thread.Start();
    }

    /// <summary>Ends looking.</summary>
    public void Dispose()
    {
        _stopped = true;
        _thread?.Join();
    }

    private void Turn(LoadRun run)
    {
        while (!_stopped)
        {
            if (_series.Check())
            {
                run.Finish();
                return;
            }

            Thread.Sleep(PeriodMs);
        }

        _series.Check();
    }
}
