using Crescent.Grains.Models;
using Crescent.Silo.Api.Wire;

namespace Crescent.Silo.Api.OpenAi;

/// <summary>The field <c>model</c>.</summary>
internal static class RequestModel
{
    /// <summary>The model that a request means.</summary>
    /// <exception cref="ApiException">The cluster serves none of that name: 404, with those that it does serve.</exception>
    public static ServedModel Read(RequestFields body, ModelCatalogue models) => Find(body.Text("model"), models);

    /// <summary>The model called <paramref name="name"/>; the default one for null.</summary>
    /// <exception cref="ApiException">There is none.</exception>
    public static ServedModel Find(string? name, ModelCatalogue models) =>
        models.Find(name) ?? throw ApiException.ModelNotFound(name!, models.Names);
}
