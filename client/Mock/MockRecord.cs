using System.Text.Json.Nodes;
using Crescent.Client.Load.Measures;

namespace Crescent.Client.Mock;

/// <summary>What a mock server did, by its own clock: the truth that a load generator is held against. Only whole answers of streams are in the times.</summary>
internal sealed class MockRecord
{
    private long _requests;
    private long _whole;
    private long _refused;
    private long _cut;
    private long _left;
    private long _tokens;
    private long _chunks;

    /// <summary>From the whole request to the first token being sent.</summary>
    public Histogram First { get; } = Histogram.OfTimes();

    /// <summary>From one chunk being sent to the next.</summary>
    public Histogram ChunkGap { get; } = Histogram.OfTimes();

    /// <summary>The same per token, in the mean of an answer: (last - first) / (tokens - 1).</summary>
    public Histogram TokenGap { get; } = Histogram.OfTimes();

    /// <summary>From the whole request to the end being sent.</summary>
    public Histogram Latency { get; } = Histogram.OfTimes();

    public long Requests => Volatile.Read(ref _requests);

    public long Whole => Volatile.Read(ref _whole);

    public long Refused => Volatile.Read(ref _refused);

    /// <summary>Streams cut on purpose.</summary>
    public long Cut => Volatile.Read(ref _cut);

    /// <summary>Streams whose client has gone.</summary>
    public long Left => Volatile.Read(ref _left);

    /// <summary>Tokens of whole answers.</summary>
    public long Tokens => Volatile.Read(ref _tokens);

    public void Received() => Interlocked.Increment(ref _requests);

    public void Refuse() => Interlocked.Increment(ref _refused);

    public void CutOff() => Interlocked.Increment(ref _cut);

    public void Lost() => Interlocked.Increment(ref _left);

    /// <summary>A whole answer.</summary>
    public void Sent(long received, long first, long last, long ended, int tokens, int chunks)
    {
        Interlocked.Increment(ref _whole);
        Interlocked.Add(ref _tokens, tokens);
        Interlocked.Add(ref _chunks, chunks);
        First.Record(first - received);
        Latency.Record(ended - received);
        if (tokens > 1)
        {
            TokenGap.Record((last - first) / (tokens - 1));
        }
    }

    /// <summary>As JSON; times in seconds.</summary>
    public JsonObject ToJson() => new()
    {
        ["requests"] = Requests,
        ["whole"] = Whole,
        ["refused"] = Refused,
        ["cut"] = Cut,
        ["left"] = Left,
        ["tokens"] = Tokens,
        ["chunks"] = Volatile.Read(ref _chunks),
        ["ttft"] = Of(First),
        ["icl"] = Of(ChunkGap),
        ["itl"] = Of(TokenGap),
        ["latency"] = Of(Latency),
    };

    private static JsonObject Of(Histogram values) => new()
    {
        ["mean"] = values.Mean,
        ["p50"] = values.Percentile(50),
        ["p90"] = values.Percentile(90),
        ["p99"] = values.Percentile(99),
        ["max"] = values.Most,
    };
}
