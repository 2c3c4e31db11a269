using System.Collections.Concurrent;
using Crescent.Control.Health;
using Crescent.Engine.Scheduling;
using Crescent.Grains.Streams;

namespace Crescent.Tests.Grains;

/// <summary>A cluster whose devices can be made sick, also those that are opened later in their place.</summary>
public sealed class SickCluster : FactoryCluster
{
    private readonly ConcurrentDictionary<string, Action> _faults = new();
    private readonly ConcurrentDictionary<string, int> _opened = new();

    protected override HealthOptions Health => new() { StallSeconds = 2, FirstPauseSeconds = 0.5, LongestPauseSeconds = 2, ReleaseSeconds = 0.5, OpenSeconds = 2 };

    /// <summary>A call that has no token waits for less: it must not be this that ends it.</summary>
    protected override ISiloBuilder Add(ISiloBuilder silo) => silo.Configure<GenerationOptions>(static options => (options.PlacementSeconds, options.ResumeSeconds) = (5, 600));

    /// <summary>What every device of a silo does before it is open.</summary>
    internal ConcurrentDictionary<string, Action> Loading { get; } = new();

    /// <summary>Times that the device of a silo was opened.</summary>
    internal int Opened(string silo) => _opened.GetValueOrDefault(silo);

    /// <summary>Makes every device of a silo call <paramref name="fault"/> before each step.</summary>
    internal void Break(string silo, Action fault) => _faults[silo] = fault;

    /// <summary>Makes the devices of a silo well.</summary>
    internal void Heal(string silo) => _faults.TryRemove(silo, out _);

    private protected override TestEngine Create(string silo, IEngineSink sink)
    {
        _opened.AddOrUpdate(silo, 1, static (_, n) => n + 1);
        Loading.GetValueOrDefault(silo)?.Invoke();
        return new TestEngine(sink) { BeforeStep = () => _faults.GetValueOrDefault(silo)?.Invoke() };
    }
}
