using System.Text.Encodings.Web;
using System.Text.Json;
using Crescent.Silo.Configuration;

namespace Crescent.Silo.Hosting;

/// <summary>The lines that a silo logs: time, level, category, message; or an object with the same and what the line stands in.</summary>
internal static class LogLine
{
    /// <summary>What each line of text begins with.</summary>
    public const string TimestampFormat = "HH:mm:ss.fff ";

    private static readonly string[] Alarming = ["warn:", "fail:", "crit:"];
    private static readonly string[] AlarmingLevels = ["\"LogLevel\":\"Warning\"", "\"LogLevel\":\"Error\"", "\"LogLevel\":\"Critical\""];

    /// <summary>Writes lines of a form to standard output.</summary>
    public static void Write(ILoggingBuilder logging, LogFormat format)
    {
        if (format == LogFormat.Json)
        {
            // The ids of a request are in its scope, those of its trace in that of its activity.
            logging.Configure(static options => options.ActivityTrackingOptions = ActivityTrackingOptions.TraceId | ActivityTrackingOptions.SpanId);
            logging.AddJsonConsole(static console =>
            {
                console.IncludeScopes = true;
                console.UseUtcTimestamp = true;
                console.TimestampFormat = "O";
                console.JsonWriterOptions = new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
            });
        }
        else
        {
            logging.AddSimpleConsole(static console =>
            {
                console.SingleLine = true;
                console.TimestampFormat = TimestampFormat;
            });
        }
    }

    /// <summary>Whether a line is an object.</summary>
    public static bool IsJson(string line) => line.StartsWith('{');

    /// <summary>Whether a line is of the level warning or above.</summary>
    public static bool IsAlarming(string line) => IsJson(line)
        ? Array.Exists(AlarmingLevels, level => line.Contains(level, StringComparison.Ordinal))
        : line.Length > TimestampFormat.Length && Alarming.Any(level => line.AsSpan(TimestampFormat.Length).StartsWith(level, StringComparison.Ordinal));
}
