using System.Diagnostics.Metrics;
using Crescent.Grains.Metrics;
using Crescent.Grains.Tracing;
using Crescent.Silo.Configuration;
using Crescent.Silo.Ops;
using OpenTelemetry;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace Crescent.Silo.Telemetry;

/// <summary>Puts OpenTelemetry into a silo where something is to be told: without that, none of it is there.</summary>
internal static class TelemetryHost
{
    private const string Endpoint = "OTEL_EXPORTER_OTLP_ENDPOINT";
    private const string TracesEndpoint = "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT";
    private const string MetricsEndpoint = "OTEL_EXPORTER_OTLP_METRICS_ENDPOINT";

    /// <summary>Adds what <paramref name="options"/> and OpenTelemetry's own variables ask for.</summary>
    /// <param name="builder">The host's.</param>
    /// <param name="options">What is to be told, and where.</param>
    /// <param name="name">The silo's name.</param>
    /// <param name="role">What it does.</param>
    /// <param name="cluster">The run of the cluster.</param>
    /// <exception cref="StartException">The folder of traces cannot be made.</exception>
    public static void AddTelemetry(this IHostApplicationBuilder builder, TelemetryOptions options, string name, string role, string cluster)
    {
        var settings = builder.Configuration;
        if (options.OtlpEndpoint is { } endpoint)
        {
            // The exporter reads it there, as it reads protocol, headers and time limits.
            settings[Endpoint] = endpoint;
        }

        var isOff = string.Equals(settings["OTEL_SDK_DISABLED"], bool.TrueString, StringComparison.OrdinalIgnoreCase);
        var sendsTraces = !isOff && Sends(settings, "OTEL_TRACES_EXPORTER", TracesEndpoint);
        var sendsMetrics = !isOff && Sends(settings, "OTEL_METRICS_EXPORTER", MetricsEndpoint);
        if (!sendsTraces && !sendsMetrics && options.TraceFolder is null)
        {
            return;
        }

        var telemetry = builder.Services.AddOpenTelemetry().ConfigureResource(resource => resource.Clear()
            .AddService(SpanNames.Provider, serviceVersion: ProductVersion.Number, serviceInstanceId: name)
            .AddAttributes([new("crescent.role", role), new("crescent.cluster", cluster)])
            .AddTelemetrySdk()
            .AddEnvironmentVariableDetector());
        if (sendsTraces || options.TraceFolder is not null)
        {
            telemetry.WithTracing(traces => Trace(traces, options, name, sendsTraces));
        }

        if (sendsMetrics)
        {
            telemetry.WithMetrics(static metrics => metrics.AddMeter(InstrumentNames.Meter).AddOtlpExporter());
            builder.Services.AddSingleton(services => new MetricExport(services.GetRequiredService<IMeterFactory>(), services.GetRequiredService<ServingMetrics>(), name, services.GetRequiredService<TimeProvider>()));
            builder.Services.AddHostedService(static services => services.GetRequiredService<MetricExport>());
        }
    }

    private static void Trace(TracerProviderBuilder traces, TelemetryOptions options, string name, bool sends)
    {
        traces.AddSource(Spans.Source);
        if (options.TraceSample is { } share)
        {
            traces.SetSampler(new ParentBasedSampler(new TraceIdRatioBasedSampler(share)));
        }

        if (sends)
        {
            traces.AddOtlpExporter();
        }

        if (options.TraceFolder is { } folder)
        {
            traces.AddProcessor(new BatchActivityExportProcessor(new TraceFile(folder, name), scheduledDelayMilliseconds: TraceFile.DelayMilliseconds));
        }
    }

    private static bool Sends(IConfiguration settings, string exporter, string endpoint) =>
        !string.Equals(settings[exporter], "none", StringComparison.OrdinalIgnoreCase) && (settings[Endpoint] ?? settings[endpoint]) is { Length: > 0 };
}
