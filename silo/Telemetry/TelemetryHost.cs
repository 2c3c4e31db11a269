using System.Diagnostics.Metrics;
using Crescent.Grains.Metrics;
using Crescent.Grains.Tracing;
using Crescent.Silo.Configuration;
using Crescent.Silo.Ops;
using OpenTelemetry;
using OpenTelemetry.Logs;
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
    private const string LogsEndpoint = "OTEL_EXPORTER_OTLP_LOGS_ENDPOINT";
    private const string ResourceAttributes = "OTEL_RESOURCE_ATTRIBUTES";
    private const string InstanceAttribute = "service.instance.id";

    /// <summary>Adds what <paramref name="options"/> and OpenTelemetry's own variables ask for.</summary>
    /// <param name="builder">The host's.</param>
    /// <param name="options">What is to be told, and where.</param>
    /// <param name="name">The silo's name.</param>
    /// <param name="role">What it does.</param>
    /// <param name="cluster">The run of the cluster.</param>
    /// <param name="sharesVariables">Whether a front end beside it has been started with the same variables of OpenTelemetry.</param>
    /// <exception cref="StartException">The folder of traces cannot be made.</exception>
    public static void AddTelemetry(this IHostApplicationBuilder builder, TelemetryOptions options, string name, string role, string cluster, bool sharesVariables)
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
        var sendsLogs = !isOff && Sends(settings, "OTEL_LOGS_EXPORTER", LogsEndpoint);
        if (!sendsTraces && !sendsMetrics && !sendsLogs && options.TraceFolder is null)
        {
            return;
        }

        var telemetry = builder.Services.AddOpenTelemetry().ConfigureResource(resource => resource.Clear()
            .AddService(SpanNames.Provider, serviceVersion: ProductVersion.Number, serviceInstanceId: name)
            .AddAttributes([new("crescent.role", role), new("crescent.cluster", cluster)])
            .AddTelemetrySdk()
            .AddEnvironmentVariableDetector()
            .AddAttributes([new(InstanceAttribute, InstanceOf(settings[ResourceAttributes], name, sharesVariables))]));
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

        if (sendsLogs)
        {
            // What stands in the log, and the ids of the request that it stands in.
            telemetry.WithLogging(static logs => logs.AddOtlpExporter(), static lines => (lines.IncludeFormattedMessage, lines.IncludeScopes) = (true, true));
        }
    }

    /// <summary>
    /// What tells a silo's telemetry from another's: its name, or what OpenTelemetry's variable says. Whoever starts a cluster of several silos, as Aspire does, has said it once: it is the front
    /// end's, and those of devices have their names behind it.
    /// </summary>
    /// <param name="attributes">That variable: <c>key=value</c>, with commas between.</param>
    /// <param name="name">The silo's name.</param>
    /// <param name="isShared">Whether another silo has the same variable and goes by it.</param>
    internal static string InstanceOf(string? attributes, string name, bool isShared)
    {
        foreach (var attribute in (attributes ?? "").Split(',', StringSplitOptions.TrimEntries))
        {
            if (attribute.Split('=', 2, StringSplitOptions.TrimEntries) is [InstanceAttribute, { Length: > 0 } said])
            {
                return Uri.UnescapeDataString(isShared ? $"{said}-{name}" : said);
            }
        }

        return name;
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
