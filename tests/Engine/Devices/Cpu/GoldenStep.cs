using Crescent.Engine.Devices;
using Crescent.Engine.Devices.Cpu.Attention;

namespace Crescent.Tests.Engine.Devices.Cpu;

/// <summary>What a device makes of one golden step when it is fed with the golden tokens before it.</summary>
/// <param name="Prompt">Whose step it is.</param>
/// <param name="Index">Its place in the continuation.</param>
/// <param name="Logprobs">By the device, of the candidates in the order of <see cref="Goldens.Step.Top"/>.</param>
/// <param name="Likeliest">The device's likeliest token.</param>
internal sealed record GoldenStep(Goldens.Prompt Prompt, int Index, double[] Logprobs, int Likeliest)
{
    /// <summary>What a device must take in one step.</summary>
    public const int MaxStepTokens = 512;

    /// <summary>What a device must give in one step.</summary>
    public const int MaxLogitRows = 256;

    /// <summary>Blocks a device must have: for the tokens of two steps, and one more for each of at most as many prompts as have a row.</summary>
    public const int KvBlocks = ((MaxStepTokens + MaxLogitRows) / KvPage.Slots) + MaxLogitRows;

    public Goldens.Step Golden => Prompt.Steps[Index];

    /// <summary>Distances from exact of the candidates that llama.cpp's figures count.</summary>
    public IEnumerable<double> Errors => Counted().Select(at => Math.Abs(Logprobs[at] - Golden.Top[at].Exact));

    /// <summary>llama.cpp's distances from exact of the same candidates.</summary>
    public IEnumerable<double> LlamaCppErrors => Counted().Select(at => Math.Abs(Golden.Top[at].LlamaCpp - Golden.Top[at].Exact));

    /// <summary>Distances of the same candidates from what another device made of the step.</summary>
    public IEnumerable<double> DistancesTo(GoldenStep other) => Counted().Select(at => Math.Abs(Logprobs[at] - other.Logprobs[at]));

    /// <summary>
    /// Every step of every prompt. Several prompts go through the device at once: first all but their last tokens, then those with the golden
    /// continuations, with logits for each token. That a token has the same bits decoded by itself is proven elsewhere.
    /// </summary>
    public static IReadOnlyList<GoldenStep> Run(IDevice device, Goldens goldens)
    {
        var steps = new List<GoldenStep>();
        var batch = new List<Goldens.Prompt>();
        foreach (var prompt in goldens.Prompts.Where(static prompt => prompt.Steps.Count > 0))
        {
            if (batch.Sum(static p => p.Ids.Length) + prompt.Ids.Length > MaxStepTokens || batch.Sum(static p => p.Steps.Count) + prompt.Steps.Count > MaxLogitRows)
            {
                RunBatch(device, batch, steps);
                batch.Clear();
            }

            batch.Add(prompt);
        }

        RunBatch(device, batch, steps);
        return steps;
    }

    private static void RunBatch(IDevice device, List<Goldens.Prompt> prompts, List<GoldenStep> steps)
    {
        var blockSize = KvBlockSize.Of(device.Info);
        var groups = device.Info.KvGroups.Count;
        var (before, forced) = (new StepPlan(blockSize, groups: groups), new StepPlan(blockSize, groups: groups));
        var rows = new List<int>();
        var block = 0;
        foreach (var prompt in prompts)
        {
            var all = prompt.AllIds;
            var sequence = new DeviceSequence(device, all.Length, firstBlock: block, state: rows.Count);
            block += blockSize.BlocksFor(all.Length);
            if (prompt.Ids.Length > 1)
                sequence.AddTo(before, prompt.Ids.AsSpan(..^1), LogitsWanted.None);
            rows.Add(sequence.AddTo(forced, all.AsSpan(prompt.Ids.Length - 1, prompt.Steps.Count), LogitsWanted.All));
        }

        if (before.Slices.Length > 0)
            device.Execute(before);
        var result = device.Execute(forced);
        foreach (var (prompt, row) in prompts.Zip(rows))
        {
            for (var index = 0; index < prompt.Steps.Count; index++)
            {
                var logits = result.Logits(row + index);
                var logprobs = LogProbabilities.Of(logits, prompt.Steps[index].Top);
                steps.Add(new GoldenStep(prompt, index, logprobs, LogProbabilities.ArgMax(logits)));
            }
        }
    }

    private IEnumerable<int> Counted() => Enumerable.Range(0, Logprobs.Length).Where(at => Golden.Top[at].LlamaCpp > -8);
}
