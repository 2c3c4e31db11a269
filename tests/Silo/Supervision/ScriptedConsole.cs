using System.Collections.Concurrent;
using Crescent.Silo.Supervision;
using Crescent.Tests.Grains;

namespace Crescent.Tests.Silo.Supervision;

/// <summary>Keeps what a supervisor says.</summary>
internal sealed class ScriptedConsole : IClusterConsole
{
    public ConcurrentQueue<string> Lines { get; } = [];

    public void Progress(string text) => Lines.Enqueue(text);

    public void Notice(string text) => Lines.Enqueue(text);

    public void Error(string text) => Lines.Enqueue(text);

    public Task Until(string text) =>
        FactoryCluster.Until(() => Lines.Any(l => l.Contains(text, StringComparison.Ordinal)), $"the console says '{text}'");
}
