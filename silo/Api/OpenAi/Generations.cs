using System.Threading.Channels;
using Crescent.Engine.Scheduling;
using Crescent.Grains.Requests;
using Crescent.Grains.Serving;
using Crescent.Silo.Ops;

namespace Crescent.Silo.Api.OpenAi;

/// <summary>
/// The generations of one request side by side, <see cref="MaxAtOnce"/> at the most, their chunks in one channel. The channel is not bounded: what it can hold is bounded by
/// the tokens asked for, and a client that reads slowly must not hold up the device's stream. Disposal ends what still runs.
/// </summary>
internal sealed class Generations : IAsyncDisposable
{
    /// <summary>Calls of one request under way at once; the others begin as these end, so that one request does not fill all queues.</summary>
    public const int MaxAtOnce = 128;

    private readonly Channel<(int Choice, GenerationChunk Chunk)> _chunks =
        Channel.CreateUnbounded<(int Choice, GenerationChunk Chunk)>(new UnboundedChannelOptions { SingleReader = true });

    private readonly PreparedRequest _request;
    private readonly ServingMetrics _metrics;
    private readonly CancellationTokenSource _cancel;
    private readonly Task _all;

    /// <summary>Starts the calls of <paramref name="request"/>; choice i is the i-th of them. Each has what the deadline leaves when it is its turn.</summary>
    public Generations(IGenerationService service, PreparedRequest request, ServingMetrics metrics, CancellationToken cancellationToken)
    {
        _request = request;
        _metrics = metrics;
        _cancel = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        _all = RunAll(service, request.Calls);
    }

    /// <summary>Chunks as they come; it ends when all generations have, and fails when one does.</summary>
    public ChannelReader<(int Choice, GenerationChunk Chunk)> Chunks => _chunks.Reader;

    public async ValueTask DisposeAsync()
    {
        await _cancel.CancelAsync();
        await _all;
        _cancel.Dispose();
    }

    private async Task RunAll(IGenerationService service, IReadOnlyList<InferenceRequest> calls)
    {
        try
        {
            var next = -1;
            await Task.WhenAll(Enumerable.Range(0, Math.Min(MaxAtOnce, calls.Count)).Select(async _ =>
            {
                for (int choice; (choice = Interlocked.Increment(ref next)) < calls.Count;)
                {
                    await Run(service, calls[choice], choice);
                }
            }));
            _chunks.Writer.Complete();
        }
        catch (Exception exception)
        {
            // The reader throws it; the other generations were ended by the one that failed.
            _chunks.Writer.TryComplete(exception);
        }
    }

    private async Task Run(IGenerationService service, InferenceRequest call, int choice)
    {
        try
        {
            var ended = false;
            var watch = _metrics.Begin(_request.Model.Id);
            await foreach (var chunk in service.Generate(call with { Deadline = _request.Deadline.Left() }, _cancel.Token))
            {
                watch.Saw(chunk);
                _chunks.Writer.TryWrite((choice, chunk));
                ended |= chunk.FinishReason is not null;
            }

            if (!ended)
            {
                throw new InvalidOperationException($"The stream of {call.RequestId} broke off without a finish reason.");
            }
        }
        catch (Exception exception)
        {
            // A call knows what was left when it was its turn; the caller gave the whole.
            _chunks.Writer.TryComplete(exception is DeadlineExceededException late ? _request.Deadline.Exceeded(late.When, late) : exception);
            await _cancel.CancelAsync();
            throw;
        }
    }
}
