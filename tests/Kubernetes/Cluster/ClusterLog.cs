using System.Collections.Concurrent;
using System.Globalization;

namespace Crescent.Tests.Kubernetes.Cluster;

/// <summary>What the nodes and controllers did, for whoever wants to know why a test failed.</summary>
internal sealed class ClusterLog
{
    private readonly ConcurrentQueue<string> _lines = [];

    /// <summary>Takes note.</summary>
    public void Tell(string who, string what) => _lines.Enqueue(string.Create(CultureInfo.InvariantCulture, $"{DateTime.UtcNow:HH:mm:ss.fff} {who} {what}"));

    public override string ToString() => string.Join('\n', _lines);
}
