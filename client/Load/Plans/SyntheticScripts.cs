using Crescent.Client.Load.Draws;
using Crescent.Client.Load.Prompts;

namespace Crescent.Client.Load.Plans;

/// <summary>Scripts whose lengths are drawn: single calls, or conversations whose prompts grow.</summary>
internal sealed class SyntheticScripts(SyntheticOptions options) : IScriptSource
{
    private const int MostTurns = 10_000;

    private long _scripts;
    private long _calls;

    public Script? Next()
    {
        var script = _scripts++;
        var start = options.Arrivals?.Next();
        if (options.Turns is null)
        {
            return new Script([Single(_calls++)], start);
        }

        var stream = new SeededStream(options.Seed, DrawPurpose.Turns, script);
        var turns = options.Turns.DrawCount(ref stream, 1, MostTurns);
        var calls = new PlannedCall[turns];
        var history = 0;
        PromptMessage[]? messages = null;
        for (var i = 0; i < turns; i++)
        {
            var number = _calls++;
            var fresh = Length(options.PromptTokens, DrawPurpose.PromptLength, number);
            var output = Length(options.OutputTokens, DrawPurpose.OutputLength, number);
            history += fresh;

            // What the model says goes into the next prompt in our words: its length is right, its text is not.
            messages = messages is null ? First(fresh) : PromptMessage.Next(messages, history - fresh + Shared - messages.Sum(static message => message.Tokens), history + Shared);
            calls[i] = new PlannedCall(number, Prompt(script, history), output, i == 0 ? 0 : Pause(number), options.Cancellation.Of(number, options.Seed)) { Messages = messages };
            history += output;
        }

        return new Script(calls, start, $"load-{options.Seed}-{script}");
    }

    private int Shared => options.SharedTokens;

    private PlannedCall Single(long number)
    {
        var fresh = Length(options.PromptTokens, DrawPurpose.PromptLength, number);
        return new(number, Prompt(number, fresh), Length(options.OutputTokens, DrawPurpose.OutputLength, number), CancelSeconds: options.Cancellation.Of(number, options.Seed))
        {
            Messages = options.SharedIsSystem ? First(fresh) : null,
        };
    }

    /// <summary>The messages of a first call.</summary>
    private PromptMessage[] First(int fresh) => options.SharedIsSystem ? [new("system", Shared), new("user", fresh)] : [new("user", Shared + fresh)];

    private PromptPart[] Prompt(long content, int tokens)
    {
        if (options.SharedTokens == 0)
        {
            return [new((ulong)content, tokens)];
        }

        var stream = new SeededStream(options.Seed, DrawPurpose.Order, content);
        var group = stream.Next() % (ulong)options.SharedGroups;
        return [new(PromptContents.Shared + group, options.SharedTokens), new((ulong)content, tokens)];
    }

    private int Length(Distribution lengths, DrawPurpose purpose, long number)
    {
        var stream = new SeededStream(options.Seed, purpose, number);
        return lengths.DrawCount(ref stream, 1);
    }

    private double Pause(long number)
    {
        var stream = new SeededStream(options.Seed, DrawPurpose.Pause, number);
        return options.ThinkSeconds.Draw(ref stream);
    }
}
