using Crescent.Agents.Strategies;
using Crescent.Lab.Fleet;
using Crescent.Lab.Virtual;

namespace Crescent.Lab.Strategies;

/// <summary>Tasks of one strategy that begin in a fleet by Poisson, until there are as many as are wanted.</summary>
internal sealed class StrategyLoad(VirtualFleet fleet, StrategyLoadOptions options) : IVirtualEvent
{
    private readonly Random _random = new(options.Seed);
    private readonly List<StrategyRun> _tasks = [];

    private double _lastAt;

    public VirtualFleet Fleet => fleet;

    public StrategyLoadOptions Options => options;

    public StrategyCatalogue Catalogue { get; } = new();

    public IReadOnlyList<StrategyRun> Tasks => _tasks;

    /// <summary>What tasks are told that power costs, in points.</summary>
    public Func<double> Price { get; init; } = () => fleet.Price;

    public int Done { get; private set; }

    private bool IsOver => fleet.Seconds < _lastAt + StrategyLoadOptions.Patience || Done == options.Tasks
        ? Done == options.Tasks
        : throw new FormatException(
            $"{_tasks.Count - Done} of {_tasks.Count} tasks have not ended {StrategyLoadOptions.Patience:0} simulated seconds after one last did: the fleet cannot serve what --rate asks within --budget.");

    /// <summary>Plays them all.</summary>
    /// <exception cref="FormatException">No task ends any more.</exception>
    public StrategyResult Play(CancellationToken cancellationToken) => StrategyResult.Of(this, fleet.Run(this, () => IsOver, cancellationToken));

    /// <summary>A task begins, and the next after a while.</summary>
    public void Fire()
    {
        var task = new StrategyRun(this, _tasks.Count);
        _tasks.Add(task);
        task.Fire();
        if (_tasks.Count < options.Tasks)
        {
            fleet.After(-Math.Log(1 - _random.NextDouble()) / options.Rate, this);
        }
    }

    /// <summary>One of them has ended.</summary>
    public void TaskEnded()
    {
        Done++;
        _lastAt = fleet.Seconds;
    }
}
