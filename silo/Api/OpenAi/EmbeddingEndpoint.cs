using Crescent.Grains.Models;
using Crescent.Grains.Requests;
using Crescent.Grains.Streams;
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
        HttpContext http, RequestDesk desk, IGenerationService service, ModelCatalogue models, ServingMetrics metrics, TimeProvider time, IgnoredFields ignored)
    {
        var (request, base64) = await Read(http, desk, models, time, ignored);
        WorkLease.Of(http)?.Dispose();
        var calls = request.Calls;
        using var used = http.RequestServices.GetRequiredService<TenantQuotas>().Use(
            Caller.Of(http), Math.Min(MaxAtOnce, calls.Count), calls.Sum(static call => (long)call.Prompt.Length));
        var answer = new EmbeddingAnswer(request.Model.Id, calls.Count);
        var options = new ParallelOptions { MaxDegreeOfParallelism = MaxAtOnce, CancellationToken = http.RequestAborted };
        try
        {
            await Parallel.ForEachAsync(Enumerable.Range(0, calls.Count), options, async (input, cancellationToken) =>
            {
                var watch = metrics.Begin(request.Model.Id);
                await foreach (var chunk in service.Generate(calls[input] with { Deadline = request.Deadline.Left() }, cancellationToken))
                {
                    watch.Saw(chunk);
                    answer.Take(input, chunk);
                }
            });
        }
        catch (DeadlineExceededException e)
        {
            // The calls know what was left when it was their turn; the caller gave the whole.
            throw request.Deadline.Exceeded("before all inputs were embedded", e);
        }

        await answer.Send(http, base64);
    }

    /// <summary>Reads what is asked for. The body is let go at the end of it.</summary>
    private static async Task<(PreparedRequest Request, bool Base64)> Read(
        HttpContext http, RequestDesk desk, ModelCatalogue models, TimeProvider time, IgnoredFields ignored)
    {
        using var document = await RequestBody.Read(http.Request, http.RequestAborted);
        var body = new RequestFields(document.RootElement);
        var model = RequestModel.Read(body, models);
        var request = EmbeddingFields.Read(body, model, RequestOwner.Read(http, body), RequestBody.Began(http, time));
        var base64 = EmbeddingFields.IsBase64(body);
        var prepared = await desk.Prepare(request, http.RequestAborted);
        ignored.Report(http, body);
        return (prepared, base64);
    }
}
