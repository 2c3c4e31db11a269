using Crescent.Engine.Scheduling;
using Crescent.Grains.Models;
using Crescent.Grains.Serving;
using Crescent.Silo.Admission;
using Crescent.Silo.Api.Wire;
using Crescent.Silo.Identity;
using Crescent.Silo.Ops;

namespace Crescent.Silo.Api.OpenAi;

/// <summary>POST /v1/embeddings: for each input the mean of its tokens' hidden states, after the final norm, at length 1.</summary>
internal static class EmbeddingEndpoint
{
    /// <summary>Inputs of one request under way at once: a long list must not fill the queues of all devices.</summary>
    public const int MaxAtOnce = 32;

    public static void MapEmbeddings(this IEndpointRouteBuilder routes) => routes.MapPost("/v1/embeddings", Answer);

    private static async Task Answer(
        HttpContext http, IGenerationService service, ModelCatalogue models, TextWork texts, ServingMetrics metrics, TimeProvider time, IgnoredFields ignored)
    {
        var began = RequestBody.Began(http, time);
        var (model, fields, owner) = await Read(http, service, models, texts, ignored);
        WorkLease.Of(http)?.Dispose();
        using var used = http.RequestServices.GetRequiredService<TenantQuotas>().Use(
            Caller.Of(http), Math.Min(MaxAtOnce, fields.Inputs.Count), fields.Inputs.Sum(static input => (long)input.Length));
        var answer = new EmbeddingAnswer(model.Id, fields.Inputs.Count);
        var id = $"embd-{Guid.NewGuid():N}";
        var deadline = new RequestDeadline(fields.Deadline, began, time);
        var options = new ParallelOptions { MaxDegreeOfParallelism = MaxAtOnce, CancellationToken = http.RequestAborted };
        try
        {
            await Parallel.ForEachAsync(Enumerable.Range(0, fields.Inputs.Count), options, async (input, cancellationToken) =>
            {
                var call = new InferenceRequest
                {
                    Model = model.Name,
                    RequestId = fields.Inputs.Count == 1 ? id : $"{id}-{input}",
                    Prompt = fields.Inputs[input],
                    MaxTokens = 0,
                    WantsEmbedding = true,
                    Priority = fields.Priority,
                    Tenant = owner.Tenant,
                    Task = owner.Task,
                    Deadline = deadline.Left(),
                };
                var watch = metrics.Begin(model.Id);
                await foreach (var chunk in service.Generate(call, cancellationToken))
                {
                    watch.Saw(chunk);
                    answer.Take(input, chunk);
                }
            });
        }
        catch (DeadlineExceededException e)
        {
            // The calls know what was left when it was their turn; the caller gave the whole.
            throw deadline.Exceeded("before all inputs were embedded", e);
        }

        await answer.Send(http, fields.Base64);
    }

    /// <summary>Reads what is asked for. The body is let go at the end of it.</summary>
    private static async Task<(ServedModel Model, EmbeddingFields Fields, RequestOwner Owner)> Read(
        HttpContext http, IGenerationService service, ModelCatalogue models, TextWork texts, IgnoredFields ignored)
    {
        using var document = await RequestBody.Read(http.Request, http.RequestAborted);
        var body = new RequestFields(document.RootElement);
        var model = RequestModel.Read(body, models);
        var fields = await EmbeddingFields.Read(body, model, ContextRoom.Of(model, service), texts, http.RequestAborted);
        Prompts.CheckCount(fields.Inputs, 1);
        var owner = RequestOwner.Read(http, body);
        ignored.Report(http, body);
        return (model, fields, owner);
    }
}
