using Crescent.Grains.Contracts.Factory;
using Crescent.Grains.Telemetry;
using Orleans.Serialization;

namespace Crescent.Bench.Scale;

/// <summary>Counts reports that silos send one another, and their bytes.</summary>
internal sealed class CountedTelemetry(ITelemetryClient inner, Serializer serializer) : ITelemetryClient
{
    private static long _reports;
    private static long _bytes;
    private static readonly System.Runtime.CompilerServices.ConditionalWeakTable<SiloReport, object> Sizes = [];

    /// <summary>Reports until now, and their bytes.</summary>
    public static (long Reports, long Bytes) Sent => (Interlocked.Read(ref _reports), Interlocked.Read(ref _bytes));

    public ITelemetryService Of(SiloAddress silo) => new Service(inner.Of(silo), serializer);

    private sealed class Service(ITelemetryService target, Serializer serializer) : ITelemetryService
    {
        public Task Gossip(SiloReport report)
        {
            // One report goes to all silos: it is measured once.
            var size = (int)Sizes.GetValue(report, r => serializer.SerializeToArray(r).Length);
            Interlocked.Increment(ref _reports);
            Interlocked.Add(ref _bytes, size);
            return target.Gossip(report);
        }

        public Task HearBudgets(BudgetBook budgets) => target.HearBudgets(budgets);

        public Task<AbsentDevice[]> Absent() => target.Absent();

        public Task<KvReceipt> TakeKvEvents(KvEventMessage message) => target.TakeKvEvents(message);

        public Task<List<PlacementDecisionReport>> FindDecisions(string requestId) => target.FindDecisions(requestId);
    }
}
