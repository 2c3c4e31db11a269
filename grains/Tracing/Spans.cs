using System.Diagnostics;

namespace Crescent.Grains.Tracing;

/// <summary>
/// Where all of Crescent's spans come from. Parents are said and never taken from what is current: calls outlive the turns that begin them. While nobody listens nothing is made.
/// </summary>
public static class Spans
{
    /// <summary>Name of the source.</summary>
    public const string Source = "Crescent";

    private static readonly ActivitySource Activities = new(Source);

    /// <summary>Whether anybody listens.</summary>
    public static bool IsListened => Activities.HasListeners();

    /// <summary>Begins a span, which leaves the current one current.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="kind">Its kind.</param>
    /// <param name="parent">What it is a part of; none for the first of a trace.</param>
    /// <param name="start">When it began; now where it is left out.</param>
    /// <returns>Null where it is not recorded.</returns>
    public static Activity? Begin(string name, ActivityKind kind, in ActivityContext parent, DateTimeOffset start = default)
    {
        var current = Activity.Current;
        Activity.Current = null;
        try
        {
            // One that is not recorded comes back only to carry a context, which a call has in itself.
            return Activities.StartActivity(name, kind, parent, startTime: start) is { IsAllDataRequested: true } span ? span : null;
        }
        finally
        {
            Activity.Current = current;
        }
    }

    /// <summary>Ends a span.</summary>
    /// <param name="span">Which.</param>
    /// <param name="end">When; now where it is left out.</param>
    public static void End(Activity span, DateTimeOffset end = default)
    {
        var current = Activity.Current;
        if (end != default)
        {
            span.SetEndTime(end.UtcDateTime);
        }

        span.Stop();
        Activity.Current = ReferenceEquals(current, span) ? null : current;
    }
}
