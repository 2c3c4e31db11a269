using Crescent.Grains.Contracts.Factory;
using Crescent.Grains.Contracts.Planning;
using Crescent.Grains.Contracts.Power;
using Microsoft.Extensions.AI;

namespace Crescent.Client.Connections;

/// <summary>A way into a factory. Every failure but cancellation comes as <see cref="FactoryException"/>.</summary>
internal interface IFactoryConnection : IAsyncDisposable
{
    /// <summary>Streams an answer; the last pieces have the finish reason and the usage.</summary>
    IAsyncEnumerable<ChatResponseUpdate> Chat(IEnumerable<ChatMessage> messages, ChatOptions options, CancellationToken cancellationToken);

    /// <summary>Silos and devices now.</summary>
    Task<FactorySnapshot> GetFactory(CancellationToken cancellationToken);

    /// <summary>Takes a device (<c>silo/device</c>) out of service, or puts it back.</summary>
    Task Drain(string device, bool drained, CancellationToken cancellationToken);

    /// <summary>Lets a device (<c>silo/device</c>) serve another model, once what it has is gone, after <paramref name="drainSeconds"/> at the latest.</summary>
    Task LoadModel(string device, string model, double drainSeconds, CancellationToken cancellationToken);

    /// <summary>Power budgets and caps now.</summary>
    Task<PowerSnapshot> GetPower(CancellationToken cancellationToken);

    /// <summary>Replaces all power budgets.</summary>
    Task<PowerSnapshot> SetBudgets(PowerBudgetSettings budgets, CancellationToken cancellationToken);

    /// <summary>How many device replicas there should be.</summary>
    Task<PlannerSnapshot> GetPlan(CancellationToken cancellationToken);

    /// <summary>Why a request went where it went.</summary>
    Task<DecisionAnswer> GetDecisions(string requestId, CancellationToken cancellationToken);

    /// <summary>The factory's agent tasks; null where this way does not lead to them.</summary>
    IAgentConnection? Agents => null;
}
