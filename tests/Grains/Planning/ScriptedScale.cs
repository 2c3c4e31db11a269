using Crescent.Grains.Planning;

namespace Crescent.Tests.Grains.Planning;

/// <summary>Three replicas, and what else is asked for comes at once. Which silos they are is said when the planner may begin.</summary>
internal sealed class ScriptedScale : IReplicaScale
{
    private readonly Lock _lock = new();
    private ReplicaScaleState _state = new(3, 3);
    private volatile string[] _silos = [];

    /// <summary>The silos; none at first.</summary>
    public IReadOnlyList<string> Silos { set => _silos = [.. value]; }

    /// <summary>What was told.</summary>
    public List<string> Told { get; } = [];

    /// <summary>All numbers that were set.</summary>
    public List<int> Sizes { get; } = [];

    /// <summary>Why nothing can be read; null where it can.</summary>
    public string? Fault { get; set; }

    /// <summary>The replicas as they are.</summary>
    public ReplicaScaleState State
    {
        get
        {
            lock (_lock)
            {
                return _state;
            }
        }

        set
        {
            lock (_lock)
            {
                _state = value;
            }
        }
    }

    public string Name => "scripted";

    public bool Has(string silo) => _silos.Contains(silo);

    public string Last(int replicas) => _silos[replicas - 1];

    public Task<ReplicaScaleState> Read(CancellationToken cancellationToken) => Fault is { } fault ? throw new ReplicaScaleException(fault) : Task.FromResult(State);

    public Task Set(int replicas, ReplicaScaleState read, CancellationToken cancellationToken)
    {
        State = State with { Replicas = replicas, Ready = replicas };
        lock (_lock)
        {
            Sizes.Add(replicas);
        }

        return Task.CompletedTask;
    }

    public Task Keep(int? planned, string? leaving, CancellationToken cancellationToken)
    {
        State = State with { Planned = planned, Leaving = leaving };
        return Task.CompletedTask;
    }

    public Task Tell(string what, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            Told.Add(what);
        }

        return Task.CompletedTask;
    }
}
