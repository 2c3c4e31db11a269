namespace Crescent.Silo.Configuration;

/// <summary>What a silo tells of itself, and where. Section <c>Crescent</c>.</summary>
public sealed class TelemetryOptions : IChecked
{
    /// <summary>Form of the log.</summary>
    public LogFormat LogFormat { get; set; }

    /// <summary>Where traces, metrics and the log go by OTLP; null for where OpenTelemetry's own variables say.</summary>
    public string? OtlpEndpoint { get; set; }

    /// <summary>Folder that the silo's traces are kept in; null for none.</summary>
    public string? TraceFolder { get; set; }

    /// <summary>Share of the requests that are traced, 0 to 1; null for what OpenTelemetry's own variables say.</summary>
    public double? TraceSample { get; set; }

    public IEnumerable<string> Problems()
    {
        if (OtlpEndpoint is not null && !(Uri.TryCreate(OtlpEndpoint, UriKind.Absolute, out var endpoint) && endpoint.Scheme is "http" or "https"))
        {
            yield return Settings.OutOfRange(Settings.OtlpEndpoint, OtlpEndpoint, "http://HOST:PORT or https://HOST:PORT");
        }

        if (TraceSample is { } share && !(share is >= 0 and <= 1))
        {
            yield return Settings.OutOfRange(Settings.TraceSample, share, "0 (none) to 1 (all)");
        }

        if (TraceFolder is { Length: 0 })
        {
            yield return Settings.OutOfRange(Settings.TraceFolder, TraceFolder, "the path of a folder");
        }
    }
}
