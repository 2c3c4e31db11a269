using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.Json.Nodes;
using Crescent.Engine.Sampling;
using Crescent.Engine.Scheduling;
using Crescent.Grains.Configuration;
using Crescent.Grains.Contracts.Chat;
using Crescent.Grains.Requests;
using Crescent.Grains.Streams;
using Orleans.Placement;

namespace Crescent.Grains.Chat;

/// <inheritdoc cref="IChatGrain"/>
[PreferLocalPlacement]
internal sealed class ChatGrain(IGenerationService generations, RequestDesk desk, CrescentSiloOptions options) : Grain, IChatGrain
{
    private const int MaxSessionLength = 256;
    private const int MaxTenantLength = 256;
    private const int MaxStops = 4;

    public async IAsyncEnumerable<ChatChunk> Complete(ChatCall call, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        var request = await Prepare(call, cancellationToken);
        await using var chunks = generations.Generate(request.Calls[0], cancellationToken).GetAsyncEnumerator(cancellationToken);
        while (await Next(chunks))
        {
            var chunk = chunks.Current;
            yield return new ChatChunk { Text = chunk.Text, Tokens = chunk.Tokens.Count, FinishReason = chunk.FinishReason, Usage = chunk.Usage };
        }
    }

    /// <summary>Turns what only silos know into what a client can read.</summary>
    private static async ValueTask<bool> Next(IAsyncEnumerator<GenerationChunk> chunks)
    {
        try
        {
            return await chunks.MoveNextAsync();
        }
        catch (RequestRefusedException e) when (e.Reason is RefusalReason.TooLong or RefusalReason.Invalid)
        {
            throw Wrong(nameof(ChatCall.MaxTokens), e.Message);
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

    private async Task<PreparedRequest> Prepare(ChatCall call, CancellationToken cancellationToken)
    {
        var models = options.Models ?? throw new ChatRefusedException($"This silo has no tokenizer for {options.Model}.", null);
        Check(call.MaxTokens is null or > 0, nameof(call.MaxTokens), call.MaxTokens, "1 or more");
        Check(call.Temperature is >= 0 and <= 2, nameof(call.Temperature), call.Temperature, "0 to 2");
        Check(call.TopP is > 0 and <= 1, nameof(call.TopP), call.TopP, "above 0, at most 1");
        Check(call.Session is null or { Length: > 0 and <= MaxSessionLength }, nameof(call.Session), $"{call.Session?.Length} characters long",
            $"1 to {MaxSessionLength} characters long, or left out");
        Check(call.Stop.Length <= MaxStops && !call.Stop.Any(string.IsNullOrEmpty), nameof(call.Stop), $"{call.Stop.Length} texts", $"up to {MaxStops} that are not empty");
        Check(call.Tenant.Length <= MaxTenantLength, nameof(call.Tenant), $"{call.Tenant.Length} characters long", $"up to {MaxTenantLength}");
        if (call.Tools is not null)
        {
            throw Wrong(nameof(call.Tools), ChatCall.NoTools);
        }

        try
        {
            return await desk.Prepare(
                new ModelRequest
                {
                    Id = $"chat-{this.GetPrimaryKey():n}",
                    Model = models.Find(call.Model) ?? throw Wrong(nameof(call.Model), $"there is no model '{call.Model}'; the cluster serves {models.Names}"),
                    Prompts = [PromptSource.Conversation(nameof(call.Messages), call.Messages.Length, () => Conversation(call.Messages))],
                    MaxTokens = call.MaxTokens,
                    MaxTokensName = nameof(call.MaxTokens),
                    Call = new InferenceRequest
                    {
                        Prompt = [],
                        MaxTokens = 0,
                        Program = call.Session,
                        StopStrings = call.Stop,
                        Tenant = call.Tenant,

                        // As over HTTP: who names itself has cached prefixes of its own.
                        CacheSalt = call.Tenant.Length == 0 ? null : $"{call.Tenant.Length}:{call.Tenant}",
                        Sampling = new SamplingParameters
                        {
                            Temperature = call.Temperature,
                            TopP = call.TopP,
                            Seed = unchecked((ulong)(call.Seed ?? Random.Shared.NextInt64())),
                        },
                    },
                },
                cancellationToken);
        }
        catch (RequestFaultException e)
        {
            throw Wrong(e.Field, e.Message.TrimEnd('.'));
        }
        catch (RequestRefusedException e)
        {
            throw new ChatRefusedException(e.Message, e.RetryAfter);
        }
    }

    private static JsonArray Conversation(string messages)
    {
        try
        {
            return JsonNode.Parse(messages) is JsonArray { Count: > 0 } conversation
                ? conversation
                : throw Wrong(nameof(ChatCall.Messages), "they are no JSON array with at least one message");
        }
        catch (JsonException e)
        {
            throw Wrong(nameof(ChatCall.Messages), $"they are no JSON: {e.Message}");
        }
    }

    private static void Check(bool right, string field, object? value, string range)
    {
        if (!right)
        {
            throw Wrong(field, $"it is {value} and must be {range}");
        }
    }

    private static ArgumentException Wrong(string field, string fault) => new($"{field}: {fault}.");
}
