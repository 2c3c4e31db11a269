using Crescent.Silo.Identity;

namespace Crescent.Silo.Ops;

/// <summary>GET /metrics, in Prometheus' text format.</summary>
internal static class MetricsEndpoint
{
    public static void MapServingMetrics(this IEndpointRouteBuilder routes) =>
        routes.MapGet("/metrics", static (ServingMetrics metrics) => Results.Text(metrics.Write(), MetricsText.ContentType)).ForReaders();
}
