using Crescent.Grains.Contracts.Chat;
using Crescent.Grains.Contracts.Local;
using Crescent.Sdk;
using Orleans.Serialization;

namespace Crescent.Client.Connections.Local;

/// <summary>Words for what goes wrong over Orleans.</summary>
/// <param name="cluster">The cluster at the other end.</param>
/// <param name="timeout">The deadline in force.</param>
internal sealed class LocalFailures(LocalCluster cluster, TimeSpan timeout)
{
    /// <summary>Translates the failure of a connection's start.</summary>
    public FactoryException? TranslateConnecting(Exception failure) => failure is OperationCanceledException
        ? null
        : Lost($"No gateway of cluster {cluster.ClusterId} answers", $"It may be starting or stopping: try again, or start one with {StartHint.Command}.", failure);

    /// <summary>Translates the failure of a call.</summary>
    /// <param name="failure">What was thrown.</param>
    /// <param name="gatewayLost">Whether the call was given up because a gateway has gone.</param>
    public FactoryException? Translate(Exception failure, bool gatewayLost) => failure switch
    {
        OperationCanceledException when gatewayLost => BrokenOff(failure),
        OperationCanceledException => null,
        CrescentException { InnerException: { } inner } => Translate(inner, gatewayLost),
        CrescentException => BrokenOff(failure),
        ArgumentException => new FactoryException(FirstLine(failure.Message), "Change the prompt or the option it names.", failure),
        ChatRefusedException refused => new FactoryException(
            FirstLine(refused.Message), refused.RetryAfter is { } wait ? $"Try again in {wait.TotalSeconds:0} s." : "Ask again.", failure),
        EnumerationAbortedException =>
            new FactoryException("The answer was broken off by the cluster: it was not read for too long, or its silo stopped", "Ask again.", failure),
        TimeoutException => Silent(failure),
        OrleansException or IOException => BrokenOff(failure),
        UnavailableExceptionFallbackException other => new FactoryException(FirstLine(other.Message), "See the cluster's log.", failure),
        _ => new FactoryException($"The cluster failed: {FirstLine(failure.Message)}", "See the cluster's log.", failure),
    };

    /// <summary>The stream ended before the answer did.</summary>
    public FactoryException BrokenOff(Exception? cause) => cluster.IsRunning
        ? Lost($"Cluster {cluster.ClusterId} broke off", "A silo may have died: look with `top`, and ask again.", cause)
        : Lost($"Cluster {cluster.ClusterId} has ended", $"Start one with {StartHint.Command}.", cause);

    private FactoryException Silent(Exception cause) => cluster.IsRunning
        ? Lost($"Cluster {cluster.ClusterId} gave no sign for {timeout.TotalSeconds:0.#} s", "Raise --timeout, or look at the load with `top`.", cause)
        : BrokenOff(cause);

    private static FactoryException Lost(string message, string remedy, Exception? cause) => new(message, remedy, cause) { ConnectionLost = true };

    // ArgumentException adds the parameter's name in a line of its own or in brackets; the rest is detail for a log.
    private static string FirstLine(string message) => message.AsSpan().IndexOfAny('\r', '\n') is >= 0 and var end ? message[..end] : message;
}
