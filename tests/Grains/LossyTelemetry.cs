using Crescent.Grains.Contracts.Factory;
using Crescent.Grains.Telemetry;
using Crescent.Grains.Telemetry.Kv;

namespace Crescent.Tests.Grains;

/// <summary>A telemetry client that can lose cache events on their way, with an acknowledgement as if they had come.</summary>
internal sealed class LossyTelemetry(ITelemetryClient inner) : ITelemetryClient
{
    private volatile bool _losesEvents;
    private volatile bool _losesSilence;
    private int _lost;

    /// <summary>Lose messages with events from now on.</summary>
    public bool LosesEvents
    {
        get => _losesEvents;
        set => _losesEvents = value;
    }

    /// <summary>Lose messages without events, which only are signs of life.</summary>
    public bool LosesSilence
    {
        get => _losesSilence;
        set => _losesSilence = value;
    }

    /// <summary>Events lost.</summary>
    public int Lost => _lost;

    public ITelemetryService Of(SiloAddress silo) => new Service(this, inner.Of(silo));

    private sealed class Service(LossyTelemetry way, ITelemetryService target) : ITelemetryService
    {
        public Task Gossip(SiloReport report) => target.Gossip(report);

        public Task HearBudgets(BudgetBook budgets) => target.HearBudgets(budgets);

        public Task<List<PlacementDecisionReport>> FindDecisions(string requestId) => target.FindDecisions(requestId);

        public Task<KvReceipt> TakeKvEvents(KvEventMessage message)
        {
            var events = message.Events.Length / KvEventCodec.EventBytes;
            if (!(events > 0 ? way.LosesEvents : way.LosesSilence))
            {
                return target.TakeKvEvents(message);
            }

            Interlocked.Add(ref way._lost, events);
            return Task.FromResult(new KvReceipt(message.FirstId + events - 1));
        }
    }
}
