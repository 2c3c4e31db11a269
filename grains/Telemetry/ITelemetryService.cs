using Crescent.Grains.Contracts.Factory;
using Orleans.Concurrency;
using Orleans.Services;

namespace Crescent.Grains.Telemetry;

/// <summary>One in each silo: tells the others how its devices are, and hears how theirs are.</summary>
[Alias("Crescent.ITelemetryService")]
public interface ITelemetryService : IGrainService
{
    /// <summary>Takes the report of another silo. One way: the next one comes in a moment and replaces a lost one.</summary>
    [Alias("Gossip"), OneWay]
    Task Gossip(SiloReport report);

    /// <summary>Takes over power budgets at once: what a client was told to hold must outlive the silo that told it.</summary>
    [Alias("HearBudgets"), ResponseTimeout("00:00:02")]
    Task HearBudgets(BudgetBook budgets);

    /// <summary>The devices that this silo has seen leave and not forgotten: a governor that comes up may never have heard of them.</summary>
    [Alias("Absent"), ResponseTimeout("00:00:02")]
    Task<AbsentDevice[]> Absent();

    /// <summary>Takes changes of a device's prefix cache; what is not acknowledged is sent again.</summary>
    [Alias("TakeKvEvents"), ResponseTimeout("00:00:05")]
    Task<KvReceipt> TakeKvEvents(KvEventMessage message);

    /// <summary>The decisions about a request that this silo has made and remembers, oldest first.</summary>
    [Alias("FindDecisions"), ResponseTimeout("00:00:02")]
    Task<List<PlacementDecisionReport>> FindDecisions(string requestId);
}
