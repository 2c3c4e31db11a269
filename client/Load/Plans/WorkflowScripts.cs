using Crescent.Client.Load.Draws;
using Crescent.Client.Load.Prompts;
using Crescent.Lab.Traces;

namespace Crescent.Client.Load.Plans;

/// <summary>
/// Recorded workflows: at their own moments, once; or one after the other in an order that is drawn, after the last the first again with other words. Blocks of a trace are the same words in all of
/// its workflows. A session that begins with another's blocks has them as one message, though, where the other has them in several: as chats, the two are alike up to the end of the other's first message.
/// </summary>
internal sealed class WorkflowScripts : IScriptSource
{
    private readonly WorkflowTrace _trace;
    private readonly int[]? _order;
    private readonly WorkflowPace _pace;
    private readonly long _seed;
    private readonly Cancellation _cancellation;
    private long _scripts;
    private long _calls;

    /// <param name="trace">The workflows.</param>
    /// <param name="pace">When they begin, and how long their pauses are.</param>
    /// <param name="seed">Of their order.</param>
    /// <param name="cancellation">Which calls are given up.</param>
    public WorkflowScripts(WorkflowTrace trace, WorkflowPace pace, long seed, Cancellation cancellation)
    {
        _trace = trace;
        _pace = pace;
        _seed = seed;
        _cancellation = cancellation;
        _order = pace.Speed is null ? DrawnOrder.Of(trace.Workflows.Count, seed) : null;
    }

    public Script? Next()
    {
        var number = _scripts++;
        var count = _trace.Workflows.Count;
        if (_order is null)
        {
            return number < count ? Plan(_trace.Workflows[(int)number], number, 0, _trace.Workflows[(int)number].Seconds / _pace.Speed) : null;
        }

        return Plan(_trace.Workflows[_order[number % count]], number, (ulong)(number / count), _pace.Arrivals?.Next());
    }

    private Script Plan(Workflow workflow, long script, ulong round, double? start)
    {
        var program = $"load-{_seed}-{script}";
        var sessions = new Dictionary<string, (string Program, int Last)>();
        var first = _calls;
        var prompts = new PromptPart[workflow.Calls.Count][];
        var calls = new PlannedCall[prompts.Length];
        for (var i = 0; i < calls.Length; i++)
        {
            var call = workflow.Calls[i];
            var number = _calls++;

            // The first session is the workflow's own, others are agents beside it.
            var (session, last) = sessions.TryGetValue(call.Session, out var known) ? known : (sessions.Count == 0 ? program : $"{program}.{sessions.Count}", -1);
            sessions[call.Session] = (session, i);
            prompts[i] = Prompt(call, call.Continues is { } before ? [.. prompts[before], new(PromptContents.Answers + (ulong)(first + before), workflow.Calls[before].OutputTokens)] : [], round, number);
            calls[i] = new PlannedCall(number, prompts[i], call.OutputTokens, call.Pause * _pace.Pauses, _cancellation.Of(number, _seed))
            {
                After = call.After,
                Program = session,
                Messages = last < 0 ? [new("user", call.PromptTokens)] : PromptMessage.Next(calls[last].Messages, calls[last].OutputTokens, call.PromptTokens),
            };
        }

        return new Script(calls, start, program);
    }

    /// <summary>A prompt: what it goes on from, its blocks, and what no block tells.</summary>
    private static PromptPart[] Prompt(WorkflowCall call, PromptPart[] before, ulong round, long number)
    {
        PromptPart[] told = [.. before, .. call.Prompt.Select(stretch => new PromptPart(PromptContents.Blocks + (round << 32) + (uint)stretch.Block, stretch.Tokens))];
        var rest = call.PromptTokens - told.Sum(static part => part.Tokens);
        return rest > 0 ? [.. told, new(PromptContents.Own + (ulong)number, rest)] : told;
    }
}
