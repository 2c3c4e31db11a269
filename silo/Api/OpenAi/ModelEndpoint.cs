using Crescent.Grains.Models;
using Crescent.Grains.Serving;
using Crescent.Silo.Api.Wire;

namespace Crescent.Silo.Api.OpenAi;

/// <summary>GET /v1/models and /v1/models/{id}.</summary>
internal static class ModelEndpoint
{
    public static void MapModels(this IEndpointRouteBuilder routes)
    {
        routes.MapGet("/v1/models", (ModelCatalogue models, IGenerationService service) =>
            Results.Json(new ModelList("list", [.. models.All.Select(model => Entry(model, service))]), ApiJson.Readable.ModelList));
        routes.MapGet("/v1/models/{id}", (string id, ModelCatalogue models, IGenerationService service) =>
            Results.Json(Entry(RequestModel.Find(id, models), service), ApiJson.Readable.ModelEntry));
    }

    private static ModelEntry Entry(ServedModel model, IGenerationService service) => new(
        model.Id,
        "model",
        model.Created.ToUnixTimeSeconds(),
        "crescent",
        ContextRoom.Of(model, service).Tokens,
        model.EmbeddingSize == 0 ? null : new EmbeddingEntry(model.EmbeddingSize, "mean", Normalized: true));
}
