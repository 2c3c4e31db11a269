namespace Crescent.Lab.Traces;

/// <summary>A request as it arrives in a run.</summary>
/// <param name="Seconds">When, from the beginning of the run.</param>
/// <param name="Request">What arrives.</param>
/// <param name="Content">Prompts with the same block ids have the same tokens when this is the same.</param>
public readonly record struct Arrival(double Seconds, TraceRequest Request, int Content)
{
    /// <summary>The prompt's tokens; a prompt whose content is not told begins like no other.</summary>
    /// <param name="number">Of the request in its run.</param>
    /// <param name="vocabulary">Tokens are 0 to this less one.</param>
    public int[] Prompt(int number, int vocabulary)
    {
        var prompt = new int[Request.PromptTokens];
        if (Request.Blocks is not { } blocks)
        {
            prompt[0] = number % vocabulary;
            prompt[^1] = number / vocabulary % vocabulary;
            return prompt;
        }

        for (var i = 0; i < prompt.Length; i++)
        {
            // Past the last whole block the content is the request's own.
            var block = i / Trace.BlockTokens;
            var id = block < blocks.Length ? (ulong)(uint)blocks[block] : (1UL << 40) + (uint)number;
            prompt[i] = (int)(Mix((id << 20) ^ ((ulong)(uint)Content << 50) ^ (uint)(i % Trace.BlockTokens)) % (uint)vocabulary);
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
