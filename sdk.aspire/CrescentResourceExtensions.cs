using Aspire.Hosting;
using Aspire.Hosting.ApplicationModel;

namespace Crescent.Aspire.Hosting;

/// <summary>Factories in an AppHost.</summary>
public static class CrescentResourceExtensions
{
    private const string HomeVariable = "CRESCENT_HOME";

    /// <summary>Adds a factory that serves the embedded model on processors, until more is said.</summary>
    /// <param name="builder">The AppHost.</param>
    /// <param name="name">Of the resource, and of its connection string.</param>
    /// <param name="program">Path of the silo's program, from the AppHost's folder where it is relative.</param>
    /// <param name="port">Port of its HTTP API; null for any.</param>
    public static IResourceBuilder<CrescentResource> AddCrescent(this IDistributedApplicationBuilder builder, string name, string program, int? port = null)
    {
        var path = Path.GetFullPath(program, builder.AppHostDirectory);
        var resource = new CrescentResource(name, path, Path.GetDirectoryName(path)!);
        return builder.AddResource(resource)
            .WithHttpEndpoint(port: port, name: CrescentResource.HttpEndpoint)
            .WithArgs("--urls", ReferenceExpression.Create($"http://127.0.0.1:{resource.Http.Property(EndpointProperty.TargetPort)}"))
            .WithHttpHealthCheck("/health/ready", endpointName: CrescentResource.HttpEndpoint)
            .WithOtlpExporter();
    }

    /// <summary>Serves a model in place of the embedded one.</summary>
    /// <param name="builder">The factory.</param>
    /// <param name="model">A GGUF file, from the AppHost's folder where it is relative; or <c>sim:NAME</c>, which goes with simulated devices.</param>
    public static IResourceBuilder<CrescentResource> WithModel(this IResourceBuilder<CrescentResource> builder, string model) => builder.WithArgs(
        "--model", model.StartsWith("sim:", StringComparison.Ordinal) ? model : Path.GetFullPath(model, builder.ApplicationBuilder.AppHostDirectory));

    /// <summary>Names its devices, such as <c>auto</c> for all GPUs, or <c>sim:h100-sxm*8:tp8</c>.</summary>
    public static IResourceBuilder<CrescentResource> WithDevices(this IResourceBuilder<CrescentResource> builder, string devices) => builder.WithArgs("--devices", devices);

    /// <summary>Most power of all devices together: watts, such as <c>700kW</c>, or a share of their nameplate, such as <c>0.7</c>.</summary>
    public static IResourceBuilder<CrescentResource> WithPowerBudget(this IResourceBuilder<CrescentResource> builder, string budget) => builder.WithArgs("--power-budget", budget);

    /// <summary>Keeps what belongs to it, such as agents' tasks and keys, in a folder of its own.</summary>
    /// <param name="builder">The factory.</param>
    /// <param name="folder">From the AppHost's folder where it is relative.</param>
    public static IResourceBuilder<CrescentResource> WithHome(this IResourceBuilder<CrescentResource> builder, string folder) =>
        builder.WithEnvironment(HomeVariable, Path.GetFullPath(folder, builder.ApplicationBuilder.AppHostDirectory));
}
