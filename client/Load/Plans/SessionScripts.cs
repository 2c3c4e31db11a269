using Crescent.Client.Load.Draws;
using Crescent.Client.Load.Prompts;
using Crescent.Lab.Traces;

namespace Crescent.Client.Load.Plans;

/// <summary>Recorded sessions, sub-agents and pauses included, one after the other in an order that is drawn; after the last the first again, with other words.</summary>
internal sealed class SessionScripts : IScriptSource
{
    private readonly SessionTrace _trace;
    private readonly int[] _order;
    private readonly Arrivals? _arrivals;
    private readonly double _pauses;
    private readonly Cancellation _cancellation;
    private readonly long _seed;
    private long _scripts;
    private long _calls;

    /// <param name="trace">The sessions.</param>
    /// <param name="arrivals">When they begin; null in a closed loop.</param>
    /// <param name="pauses">Pauses are this many times as long.</param>
    /// <param name="seed">Of their order.</param>
    /// <param name="cancellation">Which calls are given up.</param>
    public SessionScripts(SessionTrace trace, Arrivals? arrivals, double pauses, long seed, Cancellation cancellation)
    {
        _trace = trace;
        _arrivals = arrivals;
        _pauses = pauses;
        _cancellation = cancellation;
        _seed = seed;
        _order = DrawnOrder.Of(trace.Sessions.Count, seed);
    }

    public Script? Next()
    {
        var number = _scripts++;
        var session = _trace.Sessions[_order[number % _order.Length]];
        return Plan(session, $"load-{_seed}-{number}", (ulong)number, _arrivals?.Next());
    }

    private Script Plan(Session session, string program, ulong content, double? start)
    {
        var calls = new PlannedCall[session.Turns.Count];
        PromptMessage[]? messages = null;
        for (var i = 0; i < calls.Length; i++)
        {
            var turn = session.Turns[i];
            var number = _calls++;
            messages = PromptMessage.Next(messages, i == 0 ? 0 : session.Turns[i - 1].OutputTokens, turn.PromptTokens);
            calls[i] = new PlannedCall(
                number,
                TraceScripts.Parts(turn.Blocks, SessionTrace.BlockTokens, turn.PromptTokens, content << 32, PromptContents.Own + (ulong)number),
                turn.OutputTokens,
                turn.Pause * _pauses,
                _cancellation.Of(number, _seed),
                turn.Agents.Count == 0 ? null : [.. turn.Agents.Select((agent, place) => Plan(agent, $"{program}.{i}.{place}", content, null))])
            { Messages = messages };
        }

        return new Script(calls, start, program);
    }
}
