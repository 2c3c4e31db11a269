using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Crescent.Engine.Model.ToolCalls;
using Crescent.Engine.Scheduling;
using Crescent.Grains.Configuration;
using Crescent.Grains.Contracts.Chat;
using Crescent.Grains.Models;
using Crescent.Grains.Requests;
using Crescent.Grains.Streams;
using Orleans.Placement;

namespace Crescent.Grains.Chat;

/// <inheritdoc cref="IChatGrain"/>
[PreferLocalPlacement]
internal sealed class ChatGrain(IGenerationService generations, RequestDesk desk, CrescentSiloOptions options) : Grain, IChatGrain
{
    /// <summary>Texts of one call that are embedded at once.</summary>
    private const int MaxAtOnce = 32;

    private string Id => $"chat-{this.GetPrimaryKey():n}";

    private ModelCatalogue Models => options.Models ?? throw new ChatRefusedException($"This silo has no tokenizer for {options.Model}.", null);

    public async IAsyncEnumerable<ChatChunk> Complete(ChatCall call, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        var request = await Prepare(() => ChatRequests.Of(call, Id, Models), cancellationToken);
        var reader = AnswerReader.Of(request, partsThoughts: call.PartsThoughts);
        var deltas = new List<AnswerDelta>();
        await using var chunks = generations.Generate(request.Calls[0], cancellationToken).GetAsyncEnumerator(cancellationToken);
        while (await Translating(async () => await chunks.MoveNextAsync()))
        {
            yield return Read(chunks.Current, reader, deltas);
        }
    }

    public async Task<EmbeddingReply> Embed(EmbeddingCall call, CancellationToken cancellationToken = default)
    {
        var request = await Prepare(() => ChatRequests.Of(call, Id, Models), cancellationToken);
        var size = request.Model.EmbeddingSize;
        var floats = new byte[request.Calls.Count * size * sizeof(float)];
        var (tokens, joules) = (0, 0.0);
        foreach (var some in Enumerable.Range(0, request.Calls.Count).Chunk(MaxAtOnce))
        {
            // On this grain's scheduler: they add up without a lock.
            await Translating(async () =>
            {
                await Task.WhenAll(some.Select(async input =>
                {
                    await foreach (var chunk in generations.Generate(request.Calls[input], cancellationToken))
                    {
                        (chunk.Embedding is { } embedding ? MemoryMarshal.AsBytes<float>(embedding) : []).CopyTo(floats.AsSpan(input * size * sizeof(float)));
                        tokens += chunk.Usage?.PromptTokens ?? 0;
                        joules += chunk.Usage?.Joules ?? 0;
                    }
                }));
                return true;
            });
        }

        return new EmbeddingReply { Floats = floats, Size = size, PromptTokens = tokens, Joules = joules, Model = request.Model.Id };
    }

    private static ChatChunk Read(in GenerationChunk chunk, AnswerReader reader, List<AnswerDelta> deltas)
    {
        deltas.Clear();
        reader.Read(chunk, deltas);
        return new ChatChunk
        {
            Text = string.Concat(deltas.Select(static delta => delta.Content)),
            Thought = string.Concat(deltas.Select(static delta => delta.Thought)),
            ToolCalls = [.. deltas.Where(static delta => delta.Call is not null).Select(static delta => Piece(delta.Call!.Value))],
            Tokens = chunk.Tokens.Count,
            FinishReason = reader.Reason(chunk.FinishReason),
            Usage = chunk.Usage,
            ThoughtTokens = chunk.FinishReason is null ? 0 : reader.ThoughtTokens,
        };
    }

    private static ChatToolCall Piece(in ToolCallDelta call) => new() { Index = call.Index, CallId = call.Id, Name = call.Name, Arguments = call.Arguments };

    private Task<PreparedRequest> Prepare(Func<ModelRequest> request, CancellationToken cancellationToken) => Translating(async () =>
    {
        try
        {
            return await desk.Prepare(request(), cancellationToken);
        }
        catch (RequestFaultException e)
        {
            throw ChatRequests.Wrong(e.Field, e.Message.TrimEnd('.'));
        }
    });

    /// <summary>Turns what only silos know into what a client can read.</summary>
    private static async Task<T> Translating<T>(Func<Task<T>> work)
    {
        try
        {
            return await work();
        }
        catch (RequestRefusedException e) when (e.Reason is RefusalReason.TooLong or RefusalReason.Invalid)
        {
            throw ChatRequests.Wrong(nameof(ChatCall.MaxTokens), e.Message.TrimEnd('.'));
        }
        catch (RequestRefusedException e)
        {
            throw new ChatRefusedException(e.Message, e.RetryAfter);
        }
        catch (GenerationFailedException e)
        {
            throw new ChatRefusedException(e.Message, null);
        }
    }
}
