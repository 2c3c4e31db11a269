using System.Globalization;

namespace Crescent.Silo.Admission;

/// <summary>The headers <c>x-ratelimit-limit-*</c>, <c>-remaining-*</c> and <c>-reset-*</c>, as OpenAI sends them.</summary>
internal static class RateHeaders
{
    /// <summary>What they begin with.</summary>
    public const string Prefix = "x-ratelimit-";

    /// <summary>Those that there may be.</summary>
    public static readonly IReadOnlyList<string> Names =
    [
        .. from what in new[] { "requests", "tokens", "joules" } from part in new[] { "limit", "remaining", "reset" } select $"{Prefix}{part}-{what}",
    ];

    /// <summary>Writes those of one limit, if there is one.</summary>
    /// <param name="headers">Of the answer.</param>
    /// <param name="what">What is limited, such as <c>tokens</c>.</param>
    /// <param name="bucket">The limit.</param>
    public static void Write(IHeaderDictionary headers, string what, QuotaBucket? bucket)
    {
        if (bucket is null)
        {
            return;
        }

        var (level, reset) = bucket.State();
        headers[$"{Prefix}limit-{what}"] = bucket.Limit.ToString("0.##", CultureInfo.InvariantCulture);
        headers[$"{Prefix}remaining-{what}"] = Math.Floor(Math.Max(0, level)).ToString("0", CultureInfo.InvariantCulture);
        headers[$"{Prefix}reset-{what}"] = Duration(reset);
    }

    /// <summary>A time as <c>1h2m3s</c>, <c>6m0s</c>, <c>1.5s</c> or <c>20ms</c>.</summary>
    internal static string Duration(TimeSpan time)
    {
        if (time < TimeSpan.FromSeconds(1))
        {
            return string.Create(CultureInfo.InvariantCulture, $"{Math.Ceiling(time.TotalMilliseconds):0}ms");
        }

        var seconds = string.Create(CultureInfo.InvariantCulture, $"{time.Seconds + (time.Milliseconds / 1000.0):0.###}s");
        return time.TotalHours >= 1 ? string.Create(CultureInfo.InvariantCulture, $"{(long)time.TotalHours}h{time.Minutes}m{seconds}")
            : time.TotalMinutes >= 1 ? string.Create(CultureInfo.InvariantCulture, $"{time.Minutes}m{seconds}")
            : seconds;
    }
}
