using System.Diagnostics;
using Crescent.Client.Load.Draws;

namespace Crescent.Client.Load.Measures;

/// <summary>What a call must keep to count as good. Times are from the intended start: a user does not care who was late.</summary>
/// <param name="FirstSeconds">Longest time to the first token.</param>
/// <param name="TokenSeconds">Longest time between tokens, in the mean of the answer.</param>
/// <param name="LatencySeconds">Longest time to the end.</param>
internal sealed record Slo(double FirstSeconds, double TokenSeconds, double LatencySeconds)
{
    /// <summary>What <see cref="Parse"/> takes.</summary>
    public const string Form = "ttft=T,itl=T,latency=T, one of them or more, such as ttft=2s,itl=50ms";

    /// <summary>Reads <see cref="Form"/>; null where it is not that.</summary>
    public static Slo? Parse(string text)
    {
        var slo = new Slo(double.PositiveInfinity, double.PositiveInfinity, double.PositiveInfinity);
        foreach (var part in text.Split(',', StringSplitOptions.TrimEntries))
        {
            var (name, seconds) = part.IndexOf('=', StringComparison.Ordinal) is > 0 and var at ? (part[..at], TimeText.Seconds(part[(at + 1)..])) : ("", null);
            switch (name, seconds)
            {
                case ("ttft", > 0):
                    slo = slo with { FirstSeconds = seconds.Value };
                    break;
                case ("itl", > 0):
                    slo = slo with { TokenSeconds = seconds.Value };
                    break;
                case ("latency", > 0):
                    slo = slo with { LatencySeconds = seconds.Value };
                    break;
                default:
                    return null;
            }
        }

        return slo;
    }

    /// <summary>Whether a call kept it.</summary>
    public bool Met(in CallRecord call) =>
        call.End == CallEnd.Whole
        && (call.First - call.Intended <= FirstSeconds * Stopwatch.Frequency)
        && (call.TokenTicks ?? 0) <= TokenSeconds * Stopwatch.Frequency
        && (call.Ended - call.Intended <= LatencySeconds * Stopwatch.Frequency);

    /// <summary>Whether a call that was cut off had broken it by then.</summary>
    public bool IsOverdue(in CallRecord call) =>
        (call.First > 0 ? call.First : call.Ended) - call.Intended > FirstSeconds * Stopwatch.Frequency || call.Ended - call.Intended > LatencySeconds * Stopwatch.Frequency;
}
