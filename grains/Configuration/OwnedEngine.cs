using Crescent.Engine.Scheduling;

namespace Crescent.Grains.Configuration;

/// <summary>An engine with all that is its own: its thread, its device, its meter.</summary>
/// <param name="engine">The engine.</param>
/// <param name="parts">What ends with it, in the order in which it must: the thread first.</param>
public sealed class OwnedEngine(IInferenceEngine engine, params IDisposable[] parts) : IDisposable
{
    /// <summary>The engine.</summary>
    public IInferenceEngine Engine { get; } = engine;

    public void Dispose()
    {
        // One that throws leaves the others no less to be disposed: a sick device may.
        List<Exception>? faults = null;
        foreach (var part in parts)
        {
            try
            {
                part.Dispose();
            }
            catch (Exception e) when (e is not OutOfMemoryException)
            {
                (faults ??= []).Add(e);
            }
        }

        if (faults is not null)
        {
            throw new AggregateException(faults);
        }
    }
}
