using Crescent.Control.Placement;
using Crescent.Grains.Sessions;

namespace Crescent.Tests.Grains.Sessions;

/// <summary>A cluster whose calls go where the cache holds most of their prompt, and whose sessions can be made to fail.</summary>
public sealed class SessionCluster : FactoryCluster
{
    private volatile Func<Task>? _fails;

    /// <summary>What each call to a session waits for before it is done; null for nothing.</summary>
    public Func<Task>? Fails
    {
        get => _fails;
        set => _fails = value;
    }

    protected override string Policy => KvQueuePolicy.PolicyName;

    protected override ISiloBuilder Add(ISiloBuilder silo) => silo.AddIncomingGrainCallFilter(async context =>
    {
        if (context.Grain is ISessionGrain && _fails is { } fails)
        {
            await fails();
        }

        await context.Invoke();
    });
}
