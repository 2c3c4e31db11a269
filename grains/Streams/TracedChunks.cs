namespace Crescent.Grains.Streams;

/// <summary>The chunks of a call that is traced: its trace sees them pass, and how they end. Its trace ends with its reading.</summary>
internal sealed class TracedChunks(CallTrace trace, IAsyncEnumerable<GenerationChunk> chunks) : IAsyncEnumerable<GenerationChunk>
{
    public async IAsyncEnumerator<GenerationChunk> GetAsyncEnumerator(CancellationToken cancellationToken = default)
    {
        var read = chunks.GetAsyncEnumerator(cancellationToken);
        try
        {
            while (await Next(read))
            {
                trace.Saw(read.Current);
                yield return read.Current;
            }
        }
        finally
        {
            await read.DisposeAsync();
            trace.End();
        }
    }

    private async ValueTask<bool> Next(IAsyncEnumerator<GenerationChunk> read)
    {
        try
        {
            return await read.MoveNextAsync();
        }
        catch (Exception e)
        {
            trace.Fail(e);
            throw;
        }
    }
}
