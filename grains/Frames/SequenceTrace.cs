using System.Diagnostics;
using Crescent.Engine.Scheduling;
using Crescent.Grains.Tracing;

namespace Crescent.Grains.Frames;

/// <summary>
/// The spans of one attempt in the silo of its device: queue, prefill and decode, as the engine has timed them. They are made when it has ended, on the thread pool: the engine's thread only
/// says so.
/// </summary>
internal sealed class SequenceTrace : IThreadPoolWorkItem
{
    private readonly ActivityContext _parent;
    private readonly InferenceRequest _request;
    private readonly string _device;
    private readonly DateTimeOffset _submitted;
    private SequenceUsage? _usage;
    private FinishReason _finish;
    private string? _error;

    private SequenceTrace(in ActivityContext parent, InferenceRequest request, string device, DateTimeOffset submitted)
    {
        _parent = parent;
        _request = request;
        _device = device;
        _submitted = submitted;
    }

    /// <summary>That of an attempt which a device (<c>silo/device</c>) has taken.</summary>
    /// <returns>Null where it is not traced.</returns>
    public static SequenceTrace? Begin(InferenceRequest request, string device, DateTimeOffset now) =>
        Spans.IsListened && TraceParent.IsTraced(request.TraceParent, out var parent) ? new SequenceTrace(parent, request, device, now) : null;

    /// <summary>It has ended. The engine's thread only; allocates nothing.</summary>
    public void End(in SequenceOutput last)
    {
        (_usage, _finish, _error) = (last.Usage, last.Finish, last.Error);
        ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
    }

    /// <summary>Makes the spans.</summary>
    public void Execute()
    {
        if (_usage is not { } usage || Spans.Begin(SpanNames.Execute, ActivityKind.Server, _parent, _submitted) is not { } span)
        {
            return;
        }

        span.SetTag(SpanNames.Device, _device)
            .SetTag(SpanNames.Simulated, usage.Simulated)
            .SetTag(SemanticNames.RequestModel, _request.Model)
            .SetTag(SemanticNames.InputTokens, usage.PromptTokens)
            .SetTag(SemanticNames.CachedTokens, usage.CachedTokens)
            .SetTag(SemanticNames.OutputTokens, usage.OutputTokens)
            .SetTag(SemanticNames.HardwareEnergy, usage.Joules)
            .SetTag(SpanNames.EnergySource, usage.EnergySource)
            .SetTag(SpanNames.Outcome, _finish.ToString());
        if (_finish == FinishReason.Error)
        {
            span.SetStatus(ActivityStatusCode.Error, _error);
        }

        var at = _submitted;
        foreach (var (name, length) in new[] { (SpanNames.Queue, usage.QueueTime), (SpanNames.Prefill, usage.PrefillTime), (SpanNames.Decode, usage.DecodeTime) })
        {
            if (Spans.Begin(name, ActivityKind.Internal, span.Context, at) is { } part)
            {
                Spans.End(part, at + length);
            }

            at += length;
        }

        Spans.End(span, at);
    }
}
