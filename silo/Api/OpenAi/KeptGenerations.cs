using Crescent.Grains.Kept;
using Crescent.Grains.Streams;
using Crescent.Silo.Ops;

namespace Crescent.Silo.Api.OpenAi;

/// <summary>An answer that another silo makes and keeps. Its reader's leaving does not end it.</summary>
/// <param name="stream">Brings its chunks.</param>
/// <param name="watches">One for each choice, told of its chunks; none where another request has begun it.</param>
/// <param name="left">The reader's leaving.</param>
internal sealed class KeptGenerations(KeptStream stream, ModelMetrics.Watch[] watches, CancellationToken left) : IAnswerChunks
{
    public Task<bool> First() => Next().AsTask();

    public ValueTask<bool> Next() => stream.Next(left);

    public bool TryRead(out (int Choice, GenerationChunk Chunk) item)
    {
        var read = stream.TryRead(out item);
        if (read && watches.Length > 0)
        {
            watches[item.Choice].Saw(item.Chunk);
        }

        return read;
    }

    public ValueTask DisposeAsync()
    {
        stream.Leave();
        return ValueTask.CompletedTask;
    }
}
