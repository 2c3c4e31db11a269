using Crescent.Agents.Steps;
using Crescent.Engine.Scheduling;
using Crescent.Lab.Fleet;
using Crescent.Lab.Virtual;

namespace Crescent.Lab.Strategies;

/// <summary>A step under way: a call of the fleet, or a tool that takes its time.</summary>
internal sealed class StrategyCall(VirtualFleet fleet, StrategyRun task, string step) : IFleetCaller, IVirtualEvent
{
    private StepResult _result = new() { Text = "found" };
    private FleetCall? _call;
    private bool _isCut;

    /// <summary>Makes a call of the model.</summary>
    /// <param name="inference">What is asked.</param>
    /// <param name="result">What it will say.</param>
    /// <param name="tokens">Tokens of that.</param>
    /// <param name="program">The task.</param>
    /// <param name="priority">Class of the call.</param>
    public void Ask(InferenceStep inference, StepResult result, int tokens, string program, RequestPriority priority)
    {
        _result = result;
        var prompt = Tokens(inference.Messages, fleet.Vocabulary);
        _call = fleet.Take(new FleetRequest
        {
            Prompt = _ => prompt,
            PromptTokens = prompt.Length,
            OutputTokens = tokens,
            Caller = this,
            Call = new InferenceRequest { Prompt = [], MaxTokens = tokens, Program = program, IsCritical = inference.IsCritical, Priority = priority },
        });
    }

    /// <summary>Uses a tool.</summary>
    public void Use(double seconds) => fleet.After(seconds, this);

    /// <summary>Nobody needs it any more.</summary>
    public void Cut()
    {
        _isCut = true;
        if (_call is { EndedAt: 0 } call)
        {
            fleet.Cancel(call);
        }
    }

    /// <summary>The tool has ended.</summary>
    public void Fire() => task.Ended(step, _result with { Outcome = _isCut ? StepOutcome.Cut : StepOutcome.Done });

    /// <inheritdoc/>
    /// <remarks>The fleet may refuse the call while it is made, and the task must not hear of it before it has begun the others.</remarks>
    public void Ended(FleetCall call)
    {
        _result = _result with
        {
            Outcome = _isCut ? StepOutcome.Cut : call.Failed ? StepOutcome.Failed : StepOutcome.Done,
            Text = call.Failed && !_isCut ? "No device took the call." : _result.Text,
            PromptTokens = call.PromptTokens,
            CachedTokens = call.PromptTokens - call.Uncached,
            OutputTokens = call.Tokens,
            Seconds = call.EndedAt - call.ArrivedAt,
        };
        fleet.After(0, new Told(task, step, _result));
    }

    /// <summary>A token for each four characters: prompts that begin alike have tokens that begin alike.</summary>
    private static int[] Tokens(IReadOnlyList<StepMessage> messages, int vocabulary)
    {
        var text = string.Join('\n', messages.Select(static message => message.Content));
        var tokens = new int[Math.Max(1, text.Length / SolverOptions.CharactersPerToken)];
        for (var i = 0; i < tokens.Length; i++)
        {
            var hash = 2166136261u;
            foreach (var character in text.AsSpan(i * SolverOptions.CharactersPerToken, Math.Min(SolverOptions.CharactersPerToken, text.Length - (i * SolverOptions.CharactersPerToken))))
            {
                hash = (hash ^ character) * 16777619u;
            }

            tokens[i] = (int)(hash % (uint)vocabulary);
        }

        return tokens;
    }

    private sealed class Told(StrategyRun task, string step, StepResult result) : IVirtualEvent
    {
        public void Fire() => task.Ended(step, result);
    }
}
