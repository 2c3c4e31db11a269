using Crescent.Grains.Streams;

namespace Crescent.Silo.Api.OpenAi;

/// <summary>The chunks of all choices of an answer, as they come. One reads them; disposal says that it reads no more.</summary>
internal interface IAnswerChunks : IAsyncDisposable
{
    /// <summary>Waits for the first chunk; nobody else waits meanwhile.</summary>
    Task<bool> First();

    /// <summary>Waits until there are chunks: false when all choices have ended. It fails when one does.</summary>
    ValueTask<bool> Next();

    /// <summary>Takes a chunk that is there; valid until <see cref="Next"/>.</summary>
    bool TryRead(out (int Choice, GenerationChunk Chunk) item);
}
