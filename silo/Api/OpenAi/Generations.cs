using System.Runtime.CompilerServices;
using System.Threading.Channels;
using Crescent.Engine.Scheduling;
using Crescent.Grains.Contracts.Chat;
using Crescent.Grains.Requests;
using Crescent.Grains.Streams;
using Crescent.Silo.Ops;

namespace Crescent.Silo.Api.OpenAi;

/// <summary>
/// The generations of one request side by side, <see cref="MaxAtOnce"/> at the most, their chunks in one channel. The channel is not bounded: what it can hold is bounded by
/// the tokens asked for, and a client that reads slowly must not hold up the device's stream. One on its own needs no channel: it is read as it comes, and what comes
/// while nobody reads waits in its stream. Disposal ends what still runs.
/// </summary>
internal sealed class Generations : IAnswerChunks
{
    /// <inheritdoc cref="RequestDesk.MaxAtOnce"/>
    public const int MaxAtOnce = RequestDesk.MaxAtOnce;

    private readonly Channel<(int Choice, GenerationChunk Chunk)> _chunks =
        Channel.CreateUnbounded<(int Choice, GenerationChunk Chunk)>(new UnboundedChannelOptions { SingleReader = true });

    private readonly PreparedRequest _request;
    private readonly ServingMetrics _metrics;
    private readonly CancellationToken _left;
    private readonly CancellationTokenSource _cancel;
    private readonly Task _all = Task.CompletedTask;

    // Of one on its own.
    private readonly IAsyncEnumerator<GenerationChunk>? _only;
    private ModelMetrics.Watch _watch;
    private Task<bool>? _first;
    private bool _isThere;
    private bool _ended;

    /// <summary>Starts the calls of <paramref name="request"/>; choice i is the i-th of them. Each has what the deadline leaves when it is its turn.</summary>
    public Generations(IGenerationService service, PreparedRequest request, ServingMetrics metrics, CancellationToken cancellationToken)
    {
        _request = request;
        _metrics = metrics;
        _left = cancellationToken;
        _cancel = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        if (request.Calls is [{ MaxTokens: > 0 }])
        {
            _watch = metrics.Begin(request.Model.Id);
            _only = service.Generate(request.Calls[0] with { Deadline = request.Deadline.Left() }, _cancel.Token).GetAsyncEnumerator(_cancel.Token);
        }
        else
        {
            _all = RunAll(service, request.Calls);
        }
    }

    public Task<bool> First() => _first = Next().AsTask();

    public ValueTask<bool> Next() => _only is null ? _chunks.Reader.WaitToReadAsync(_left) : MoveNext();

    public bool TryRead(out (int Choice, GenerationChunk Chunk) item)
    {
        if (_only is null)
        {
            return _chunks.Reader.TryRead(out item);
        }

        item = _isThere ? (0, _only.Current) : default;
        return _isThere && !(_isThere = false);
    }

    public async ValueTask DisposeAsync()
    {
        await _cancel.CancelAsync();
        await _all;
        if (_only is not null)
        {
            await (_first ?? Task.CompletedTask).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            await _only.DisposeAsync();
        }

        _cancel.Dispose();
    }

    // Waits for nearly every token.
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<bool> MoveNext()
    {
        try
        {
            if (_isThere = await _only!.MoveNextAsync())
            {
                _watch.Saw(_only.Current);
                _ended |= _only.Current.FinishReason is not null;
            }

            return _isThere || (_ended ? false : throw new InvalidOperationException("The stream broke off without a finish reason."));
        }
        catch (DeadlineExceededException late)
        {
            throw _request.Deadline.Exceeded(late.When, late);
        }
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
        if (call.MaxTokens == 0)
        {
            // Nothing is to be generated: the prompt was read, and that is all.
            _chunks.Writer.TryWrite((choice, new GenerationChunk([], "", "length", new ChatUsage { PromptTokens = call.Prompt.Length })));
            return;
        }

        try
        {
            var ended = false;
            var watch = _metrics.Begin(_request.Model.Id);
            await foreach (var chunk in service.Generate(call with { Deadline = _request.Deadline.Left() }, _cancel.Token))
            {
                watch.Saw(chunk);
                _chunks.Writer.TryWrite((choice, chunk.Copy()));
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
