using Crescent.Client.Load.Prompts;
using Crescent.Lab.Traces;

namespace Crescent.Client.Load.Plans;

/// <summary>Calls at the moments of a trace. Where the trace tells blocks, prompts with the same blocks have that text in common.</summary>
internal sealed class TraceScripts : IScriptSource, IDisposable
{
    private readonly IEnumerator<Arrival> _arrivals;
    private readonly int _context;
    private readonly long _seed;
    private readonly Cancellation _cancellation;
    private long _number;

    /// <param name="trace">What is played.</param>
    /// <param name="speed">1 as it was, 2 in half the time.</param>
    /// <param name="context">Calls with more tokens, prompt and answer together, are left out.</param>
    /// <param name="seed">0 begins where the trace does, others somewhere within.</param>
    /// <param name="cancellation">Which calls are given up.</param>
    public TraceScripts(Trace trace, double speed, int context, long seed, Cancellation cancellation)
    {
        _arrivals = trace.At(trace.Rate * speed, (int)(seed % int.MaxValue), 0).GetEnumerator();
        _context = context;
        _seed = seed;
        _cancellation = cancellation;
    }

    /// <summary>Calls left out so far.</summary>
    public long TooLong { get; private set; }

    public Script? Next()
    {
        while (_arrivals.MoveNext())
        {
            var (seconds, request, _) = _arrivals.Current;
            if (request.PromptTokens + request.OutputTokens > _context)
            {
                TooLong++;
                continue;
            }

            var number = _number++;
            return new Script(
                [new PlannedCall(number, Parts(request.Blocks, Trace.BlockTokens, request.PromptTokens, PromptContents.Blocks, PromptContents.Own + (ulong)number), request.OutputTokens, CancelSeconds: _cancellation.Of(number, _seed))],
                seconds);
        }

        return null;
    }

    public void Dispose() => _arrivals.Dispose();

    /// <summary>The parts of a prompt: its blocks as far as they are whole, and the rest of its own.</summary>
    public static PromptPart[] Parts(int[]? blocks, int blockTokens, int tokens, ulong content, ulong own)
    {
        var whole = Math.Min(blocks?.Length ?? 0, tokens / blockTokens);
        var rest = tokens - (whole * blockTokens);
        var parts = new PromptPart[whole + (rest > 0 ? 1 : 0)];
        for (var i = 0; i < whole; i++)
        {
            parts[i] = new(content + (uint)blocks![i], blockTokens);
        }

        if (rest > 0)
        {
            parts[^1] = new(own, rest);
        }

        return parts;
    }
}
