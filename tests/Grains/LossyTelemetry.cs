using System.Collections.Concurrent;
using Crescent.Grains.Contracts.Factory;
using Crescent.Grains.Kv;
using Crescent.Grains.Telemetry;

namespace Crescent.Tests.Grains;

/// <summary>A telemetry client that can lose cache events on their way, with an acknowledgement as if they had come.</summary>
internal sealed class LossyTelemetry(ITelemetryClient inner) : ITelemetryClient
{
    private readonly ConcurrentDictionary<SiloAddress, int> _reports = new();
    private volatile bool _losesEvents;
    private volatile bool _losesSilence;
    private SiloAddress? _broken;
    private int _failed;
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

    /// <summary>Sending events there fails, as nobody has foreseen.</summary>
    public SiloAddress? Broken
    {
        get => Volatile.Read(ref _broken);
        set => Volatile.Write(ref _broken, value);
    }

    /// <summary>Messages that failed so.</summary>
    public int Failed => Volatile.Read(ref _failed);

    /// <summary>Events lost.</summary>
    public int Lost => _lost;

    /// <summary>Reports that were sent to <paramref name="silo"/>.</summary>
    public int Reports(SiloAddress silo) => _reports.GetValueOrDefault(silo);

    public ITelemetryService Of(SiloAddress silo) => new Service(this, silo, inner.Of(silo));

    private sealed class Service(LossyTelemetry way, SiloAddress silo, ITelemetryService target) : ITelemetryService
    {
        public Task Gossip(SiloReport report)
        {
            way._reports.AddOrUpdate(silo, 1, static (_, count) => count + 1);
            return target.Gossip(report);
        }

        public Task HearBudgets(BudgetBook budgets) => target.HearBudgets(budgets);

        public Task<List<PlacementDecisionReport>> FindDecisions(string requestId) => target.FindDecisions(requestId);

        public Task<AbsentDevice[]> Absent() => target.Absent();

        public Task<KvReceipt> TakeKvEvents(KvEventMessage message)
        {
            if (silo.Equals(way.Broken))
            {
                Interlocked.Increment(ref way._failed);
                throw new InvalidOperationException("A test broke the way.");
            }

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
