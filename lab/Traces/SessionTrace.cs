namespace Crescent.Lab.Traces;

/// <summary>Sessions whose calls wait for one another; when sessions begin is not told, a study draws it.</summary>
/// <param name="Name">For tables and files.</param>
/// <param name="Sessions">At least one.</param>
public sealed record SessionTrace(string Name, IReadOnlyList<Session> Sessions)
{
    /// <summary>Tokens that an id of <see cref="SessionTurn.Blocks"/> stands for.</summary>
    public const int BlockTokens = 64;

    /// <summary>Calls of a session in the mean.</summary>
    public double MeanCalls => Sessions.Average(static session => (double)session.Calls);

    /// <summary>
    /// The trace for a model whose prompt and answer have <paramref name="context"/> tokens at the most: a session ends before the first call that has more, as
    /// agents then begin anew with a summary.
    /// </summary>
    /// <exception cref="FormatException">No session is left.</exception>
    public SessionTrace Within(int context)
    {
        var sessions = Sessions.Select(session => Within(session, context)).Where(static session => session.Turns.Count > 0).ToArray();
        return sessions.Length > 0 ? this with { Sessions = sessions } : throw new FormatException($"No call of '{Name}' fits a context of {context} tokens.");
    }

    private static Session Within(Session session, int context) => session with
    {
        Turns = [.. session.Turns
            .TakeWhile(turn => turn.PromptTokens + turn.OutputTokens <= context)
            .Select(turn => turn.Agents.Count == 0 ? turn : turn with
            {
                Agents = [.. turn.Agents.Select(agent => Within(agent, context)).Where(static agent => agent.Turns.Count > 0)],
            })],
    };

    /// <summary>The tokens of a prompt.</summary>
    /// <param name="turn">Whose.</param>
    /// <param name="content">Prompts with the same block ids have the same tokens when this is the same.</param>
    /// <param name="number">Of the call in its run: what is beyond the last whole block is its own.</param>
    /// <param name="vocabulary">Tokens are 0 to this less one.</param>
    public static int[] Prompt(SessionTurn turn, int content, int number, int vocabulary)
    {
        var prompt = new int[turn.PromptTokens];
        for (var i = 0; i < prompt.Length; i++)
        {
            var block = i / BlockTokens;
            var id = block < turn.Blocks.Length && (block + 1) * BlockTokens <= prompt.Length ? ((ulong)(uint)content << 32) | (uint)turn.Blocks[block] : ~(ulong)(uint)number;
            prompt[i] = (int)(Mix((id * 64) + (uint)(i % BlockTokens)) % (uint)vocabulary);
        }

        return prompt;
    }

    // The finaliser of SplitMix64.
    private static ulong Mix(ulong value)
    {
        value += 0x9E3779B97F4A7C15;
        value = (value ^ (value >> 30)) * 0xBF58476D1CE4E5B9;
        value = (value ^ (value >> 27)) * 0x94D049BB133111EB;
        return value ^ (value >> 31);
    }
}
