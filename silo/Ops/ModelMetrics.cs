using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using Crescent.Grains.Metrics;
using Crescent.Grains.Streams;
using Crescent.Grains.Tracing;

namespace Crescent.Silo.Ops;

/// <summary>What the requests of one model took, as this front end saw it; safe for use by many threads.</summary>
/// <param name="model">The model's name in answers.</param>
/// <param name="meter">Of their instruments.</param>
/// <param name="time">The clock.</param>
internal sealed class ModelMetrics(string model, Meter meter, TimeProvider time)
{
    private static readonly double[] Joule = [.001, .01, .1, .25, .5, 1, 2.5, 5, 10, 25, 50, 100, 250, 500, 1000, 2500, 10_000, double.PositiveInfinity];

    private readonly LatencyHistogram _firstToken = new(meter, model, SemanticNames.ServerTimeToFirstToken, "vllm:time_to_first_token_seconds", "From the request to its first token.");
    private readonly LatencyHistogram _interToken = new(meter, model, SemanticNames.ServerTimePerOutputToken, "vllm:inter_token_latency_seconds", "Between two tokens of a request.");
    private readonly LatencyHistogram _whole = new(meter, model, SemanticNames.ServerRequestDuration, "vllm:e2e_request_latency_seconds", "From the request to its last token.");
    private readonly LatencyHistogram _queue = new(meter, model, InstrumentNames.RequestQueue, "vllm:request_queue_time_seconds", "From submission to the first step.");
    private readonly LatencyHistogram _prefill = new(meter, model, InstrumentNames.RequestPrefill, "vllm:request_prefill_time_seconds", "From the first step to the first token.");
    private readonly LatencyHistogram _decode = new(meter, model, InstrumentNames.RequestDecode, "vllm:request_decode_time_seconds", "From the first token to the last.");
    private readonly LatencyHistogram _requestJoules = new(meter, model, InstrumentNames.RequestEnergy, "crescent:request_joules", "Energy attributed to a request.", "J", Joule);

    private readonly ConcurrentDictionary<string, long> _success = new(StringComparer.Ordinal);
    private readonly Lock _lock = new();
    private double _joules;

    /// <summary>Follows one generation.</summary>
    public Watch Begin() => new(this, time.GetTimestamp());

    /// <summary>Writes those of several models, metric by metric.</summary>
    public static void Write(IMetricSink text, IReadOnlyCollection<ModelMetrics> models)
    {
        foreach (var histogram in new Func<ModelMetrics, LatencyHistogram>[]
        {
            static m => m._firstToken, static m => m._interToken, static m => m._whole, static m => m._queue, static m => m._prefill, static m => m._decode, static m => m._requestJoules,
        })
        {
            histogram(models.First()).Begin(text);
            foreach (var one in models)
            {
                histogram(one).Write(text);
            }
        }

        text.Begin("vllm:request_success_total", "counter", "Requests answered.");
        foreach (var one in models)
        {
            foreach (var (reason, count) in one._success)
            {
                text.Sample("vllm:request_success_total", count, ("model_name", one.Name), ("finished_reason", reason));
            }
        }

        text.Begin("crescent:request_joules_total", "counter", "Energy attributed to answered requests.");
        foreach (var one in models)
        {
            text.Sample("crescent:request_joules_total", one.Joules, ("model_name", one.Name));
        }
    }

    private string Name => model;

    private double Joules
    {
        get
        {
            lock (_lock)
            {
                return _joules;
            }
        }
    }

    private void AddJoules(double joules)
    {
        lock (_lock)
        {
            _joules += joules;
        }
    }

    /// <summary>The times of one generation as its chunks come.</summary>
    public struct Watch(ModelMetrics metrics, long start)
    {
        private readonly TimeProvider _time = metrics.Time;
        private long _last;

        /// <summary>Takes note of a chunk.</summary>
        public void Saw(in GenerationChunk chunk)
        {
            var now = _time.GetTimestamp();
            if (chunk.Tokens.Count > 0)
            {
                if (_last == 0)
                {
                    metrics._firstToken.Observe(_time.GetElapsedTime(start, now).TotalSeconds);
                }
                else
                {
                    metrics._interToken.Observe(_time.GetElapsedTime(_last, now).TotalSeconds / chunk.Tokens.Count, chunk.Tokens.Count);
                }

                _last = now;
            }

            if (chunk.FinishReason is { } reason)
            {
                metrics._whole.Observe(_time.GetElapsedTime(start, now).TotalSeconds);
                metrics._success.AddOrUpdate(chunk.Cut is null ? reason : "deadline", 1, static (_, count) => count + 1);
            }

            if (chunk.Usage is { } usage)
            {
                metrics._queue.Observe(usage.QueueSeconds);
                metrics._prefill.Observe(usage.PrefillSeconds);
                metrics._decode.Observe(usage.DecodeSeconds);
                metrics._requestJoules.Observe(usage.Joules);
                metrics.AddJoules(usage.Joules);
            }
        }
    }

    private TimeProvider Time => time;
}
