using Crescent.Grains.Telemetry;
using Orleans.Placement;
using Orleans.Runtime.Placement;

namespace Crescent.Grains.Sessions;

/// <inheritdoc cref="ISessionGrain"/>
[PreferLocalPlacement, CollectionAgeLimit(Minutes = IdleMinutes)]
internal sealed class SessionGrain(LiveSessions live, ILocalSiloDetails silo, TimeProvider time, FactoryMetrics metrics)
    : Grain, ISessionGrain, IGrainMigrationParticipant
{
    /// <summary>A session that is not used for so long is forgotten; its blocks in the cache mostly are by then.</summary>
    public const int IdleMinutes = 5;

    private const string MemoryName = "crescent.session";
    private const string ReasonName = "crescent.session.reason";

    private readonly SessionMemory _memory = new(time);
    private string? _reason;

    public override Task OnActivateAsync(CancellationToken cancellationToken)
    {
        metrics.SessionsChanged(1);
        Register();
        return Task.CompletedTask;
    }

    public override Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken)
    {
        metrics.SessionsChanged(-1);
        live.Remove(GrainContext.ActivationId);
        return Task.CompletedTask;
    }

    public Task<SessionSighting?> Find() => Task.FromResult(_memory.Look());

    public Task Remember(SessionTurn turn)
    {
        _memory.Remember(turn);
        Register();
        if (!turn.Silo.Equals(silo.SiloAddress))
        {
            Migrate(turn.Silo, "followed");
        }

        return Task.CompletedTask;
    }

    public Task Leave(string device, SiloAddress refuge, string reason)
    {
        if (_memory.Turn is { } turn && turn.Device == device && turn.Silo.Equals(silo.SiloAddress))
        {
            Migrate(refuge, reason);
        }

        return Task.CompletedTask;
    }

    public void OnDehydrate(IDehydrationContext dehydrationContext)
    {
        if (_memory.Look() is { } sighting)
        {
            dehydrationContext.TryAddValue(MemoryName, sighting);
            dehydrationContext.TryAddValue(ReasonName, _reason ?? "followed");
        }
    }

    public void OnRehydrate(IRehydrationContext rehydrationContext)
    {
        if (rehydrationContext.TryGetValue<SessionSighting>(MemoryName, out var sighting) && sighting is not null)
        {
            _memory.Restore(sighting);
            metrics.SessionMigrated(rehydrationContext.TryGetValue<string>(ReasonName, out var reason) ? reason! : "followed");
        }
    }

    private void Migrate(SiloAddress target, string reason)
    {
        _reason = reason;
        RequestContext.Set(IPlacementDirector.PlacementHintKey, target);
        this.MigrateOnIdle();
    }

    /// <summary>Only a session that lives with its device has one to leave.</summary>
    private void Register()
    {
        if (_memory.Turn is { } turn && turn.Silo.Equals(silo.SiloAddress))
        {
            live.Put(GrainContext.ActivationId, this.GetPrimaryKeyString(), turn.Device);
        }
        else
        {
            live.Remove(GrainContext.ActivationId);
        }
    }
}
