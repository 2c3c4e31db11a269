using System.Collections.Concurrent;
using System.Diagnostics;
using Crescent.Grains.Tracing;

namespace Crescent.Tests.Grains.Tracing;

/// <summary>Hears the spans of one trace, of all silos in this process, and samples that trace alone.</summary>
internal sealed class SpanWatch : IDisposable
{
    private readonly ActivityTraceId _trace = ActivityTraceId.CreateRandom();
    private readonly ActivitySpanId _root = ActivitySpanId.CreateRandom();
    private readonly ConcurrentQueue<Activity> _spans = [];
    private readonly ActivityListener _listener;

    public SpanWatch()
    {
        _listener = new ActivityListener
        {
            ShouldListenTo = static source => source.Name == Spans.Source,
            Sample = (ref ActivityCreationOptions<ActivityContext> options) => options.TraceId == _trace ? ActivitySamplingResult.AllDataAndRecorded : ActivitySamplingResult.None,
            ActivityStopped = span =>
            {
                if (span.TraceId == _trace)
                {
                    _spans.Enqueue(span);
                }
            },
        };
        ActivitySource.AddActivityListener(_listener);
    }

    /// <summary>The trace's id.</summary>
    public string Trace => _trace.ToHexString();

    /// <summary>Of the span that the caller has.</summary>
    public string Root => _root.ToHexString();

    /// <summary>A <c>traceparent</c> of the trace.</summary>
    public string Parent(bool isSampled = true) => $"00-{Trace}-{Root}-{(isSampled ? "01" : "00")}";

    /// <summary>Spans that have ended, in the order of their starts.</summary>
    public IReadOnlyList<Activity> Ended => [.. _spans.OrderBy(static span => span.StartTimeUtc)];

    /// <summary>The only one of a name.</summary>
    public Activity One(string name) => Assert.Single(Ended, span => span.DisplayName == name);

    /// <summary>Those below a span, one after the other.</summary>
    public IReadOnlyList<Activity> Below(Activity span) => [.. Ended.Where(part => part.ParentSpanId == span.SpanId)];

    /// <summary>Waits until so many have ended.</summary>
    public Task Until(int count) => FactoryCluster.Until(() => _spans.Count >= count, $"{count} spans have ended; there are {string.Join(", ", Ended.Select(static span => span.DisplayName))}");

    public void Dispose() => _listener.Dispose();
}
