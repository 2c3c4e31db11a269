using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using Crescent.Engine.Scheduling;
using Crescent.Grains.Contracts.Chat;
using Crescent.Grains.Streams;

namespace Crescent.Tests.Grains.Agents;

/// <summary>The generations of a silo, of which a test can have some fail or wait on their way.</summary>
/// <param name="inner">Those of the silo.</param>
/// <param name="faults">How often a call fails after its first chunk, by its request's id.</param>
/// <param name="gates">Where a call waits after its first chunk.</param>
/// <param name="crowds">Calls at once, by their task.</param>
internal sealed class FaultyGenerations(IGenerationService inner, ConcurrentDictionary<string, int> faults, ConcurrentDictionary<string, CallGate> gates, ConcurrentDictionary<string, Crowd> crowds) : IGenerationService
{
    /// <summary>Energy that a failed try is said to have taken, in joules.</summary>
    public const double Joules = 1.5;

    public int MaxPositions(string? model) => inner.MaxPositions(model);

    public async IAsyncEnumerable<GenerationChunk> Generate(InferenceRequest call, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        using var counted = crowds.GetOrAdd(call.Task, static _ => new Crowd()).Enter();
        await foreach (var chunk in inner.Generate(call, cancellationToken))
        {
            yield return chunk;
            if (gates.TryGetValue(call.RequestId, out var gate))
            {
                await gate.Wait(cancellationToken);
            }

            if (faults.TryGetValue(call.RequestId, out var left) && left > 0)
            {
                faults[call.RequestId] = left - 1;
                throw new GenerationFailedException("Its device was lost.") { Usage = new ChatUsage { Joules = Joules } };
            }
        }
    }

    public IAsyncEnumerable<GenerationChunk> Generate(InferenceRequest call, Action<ChatUsage>? charge, CancellationToken cancellationToken) => inner.Generate(call, charge, cancellationToken);
}
