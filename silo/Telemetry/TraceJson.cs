using System.Buffers;
using System.Diagnostics;
using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using OpenTelemetry;
using OpenTelemetry.Resources;

namespace Crescent.Silo.Telemetry;

/// <summary>Writes spans in OTLP's JSON form: ids in hexadecimal, numbers of 64 bits as strings, times in nanoseconds since 1970.</summary>
internal static class TraceJson
{
    private const long NanosecondsPerTick = 1_000_000 / TimeSpan.TicksPerMillisecond;

    private static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>A batch of one source as a line, with its end.</summary>
    public static ReadOnlySpan<byte> Line(in Batch<Activity> batch, Resource resource)
    {
        var line = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(line, Options))
        {
            json.WriteStartObject();
            json.WriteStartArray("resourceSpans"u8);
            json.WriteStartObject();
            json.WriteStartObject("resource"u8);
            WriteAttributes(json, resource.Attributes.Select(static a => KeyValuePair.Create(a.Key, (object?)a.Value)));
            json.WriteEndObject();
            json.WriteStartArray("scopeSpans"u8);
            json.WriteStartObject();
            json.WriteStartObject("scope"u8);
            json.WriteString("name"u8, Grains.Tracing.Spans.Source);
            json.WriteEndObject();
            json.WriteStartArray("spans"u8);
            foreach (var span in batch)
            {
                Write(json, span);
            }

            json.WriteEndArray();
            json.WriteEndObject();
            json.WriteEndArray();
            json.WriteEndObject();
            json.WriteEndArray();
            json.WriteEndObject();
        }

        line.Write("\n"u8);
        return line.WrittenSpan;
    }

    private static void Write(Utf8JsonWriter json, Activity span)
    {
        json.WriteStartObject();
        json.WriteString("traceId"u8, span.TraceId.ToHexString());
        json.WriteString("spanId"u8, span.SpanId.ToHexString());
        if (span.ParentSpanId != default)
        {
            json.WriteString("parentSpanId"u8, span.ParentSpanId.ToHexString());
        }

        if (span.TraceStateString is { Length: > 0 } state)
        {
            json.WriteString("traceState"u8, state);
        }

        json.WriteString("name"u8, span.DisplayName);
        json.WriteNumber("kind"u8, (int)span.Kind + 1);
        json.WriteString("startTimeUnixNano"u8, Nanoseconds(span.StartTimeUtc));
        json.WriteString("endTimeUnixNano"u8, Nanoseconds(span.StartTimeUtc + span.Duration));
        WriteAttributes(json, span.TagObjects);
        if (span.Events.Any())
        {
            json.WriteStartArray("events"u8);
            foreach (var happened in span.EnumerateEvents())
            {
                json.WriteStartObject();
                json.WriteString("timeUnixNano"u8, Nanoseconds(happened.Timestamp.UtcDateTime));
                json.WriteString("name"u8, happened.Name);
                WriteAttributes(json, happened.Tags);
                json.WriteEndObject();
            }

            json.WriteEndArray();
        }

        if (span.Status != ActivityStatusCode.Unset)
        {
            json.WriteStartObject("status"u8);
            json.WriteNumber("code"u8, span.Status == ActivityStatusCode.Error ? 2 : 1);
            if (span.StatusDescription is { } why)
            {
                json.WriteString("message"u8, why);
            }

            json.WriteEndObject();
        }

        json.WriteEndObject();
    }

    private static void WriteAttributes(Utf8JsonWriter json, IEnumerable<KeyValuePair<string, object?>> attributes)
    {
        json.WriteStartArray("attributes"u8);
        foreach (var (key, value) in attributes)
        {
            if (value is not null)
            {
                json.WriteStartObject();
                json.WriteString("key"u8, key);
                json.WritePropertyName("value"u8);
                WriteValue(json, value);
                json.WriteEndObject();
            }
        }

        json.WriteEndArray();
    }

    private static void WriteValue(Utf8JsonWriter json, object value)
    {
        json.WriteStartObject();
        switch (value)
        {
            case bool flag:
                json.WriteBoolean("boolValue"u8, flag);
                break;
            case int or long:
                json.WriteString("intValue"u8, Convert.ToInt64(value, CultureInfo.InvariantCulture).ToString(CultureInfo.InvariantCulture));
                break;
            case double number when double.IsFinite(number):
                json.WriteNumber("doubleValue"u8, number);
                break;
            case string[] several:
                json.WriteStartObject("arrayValue"u8);
                json.WriteStartArray("values"u8);
                foreach (var one in several)
                {
                    WriteValue(json, one);
                }

                json.WriteEndArray();
                json.WriteEndObject();
                break;
            default:
                json.WriteString("stringValue"u8, Convert.ToString(value, CultureInfo.InvariantCulture));
                break;
        }

        json.WriteEndObject();
    }

    private static string Nanoseconds(DateTime time) => ((time - DateTime.UnixEpoch).Ticks * NanosecondsPerTick).ToString(CultureInfo.InvariantCulture);
}
