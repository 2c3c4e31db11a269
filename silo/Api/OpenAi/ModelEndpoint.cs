using Crescent.Grains.Models;
using Crescent.Grains.Requests;
using Crescent.Silo.Api.Wire;

namespace Crescent.Silo.Api.OpenAi;

/// <summary>GET /v1/models and /v1/models/{id}.</summary>
internal static class ModelEndpoint
{
    public static void MapModels(this IEndpointRouteBuilder routes)
    {
        routes.MapGet("/v1/models", (ModelCatalogue models, RequestDesk desk) =>
            Results.Json(new ModelList("list", [.. models.All.Select(model => Entry(model, desk))]), ApiJson.Readable.ModelList));
        routes.MapGet("/v1/models/{id}", (string id, ModelCatalogue models, RequestDesk desk) =>
            Results.Json(Entry(RequestModel.Find(id, models), desk), ApiJson.Readable.ModelEntry));
    }

    private static ModelEntry Entry(ServedModel model, RequestDesk desk) => new(
        model.Id,
        "model",
        model.Created.ToUnixTimeSeconds(),
        "crescent",
        desk.Room(model).Tokens,
        model.EmbeddingSize == 0 ? null : new EmbeddingEntry(model.EmbeddingSize, "mean", Normalized: true));
}
