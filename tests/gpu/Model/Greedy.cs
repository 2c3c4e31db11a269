using Crescent.Engine.Devices;

namespace Crescent.GpuCheck.Model;

/// <summary>Continues prompts on a device with the likeliest tokens.</summary>
/// <param name="device">It gives logits.</param>
internal sealed class Greedy(IDevice device)
{
    private readonly StepPlan _plan = new(KvBlockSize.Of(device.Info), groups: device.Info.KvGroups.Count);

    /// <summary>Continues prompts side by side, in one step for each token.</summary>
    /// <param name="prompts">Their tokens.</param>
    /// <param name="count">Tokens to add.</param>
    /// <param name="chunk">Tokens of a prompt in a step.</param>
    public IReadOnlyList<Continuation> Run(IReadOnlyList<int[]> prompts, int count, int chunk = int.MaxValue)
    {
        var size = KvBlockSize.Of(device.Info);
        var block = 0;
        var runs = prompts.Select((prompt, index) =>
        {
            var blocks = size.BlocksFor(prompt.Length + count);
            block += blocks;
            return new Continuation(prompt, [.. Enumerable.Range(block - blocks, blocks)], device.Info.StateSlots > 0 ? index : -1);
        }).ToList();
        while (runs.Exists(run => run.Tokens.Count < count))
        {
            _plan.Clear();
            var rows = new List<(Continuation Run, int Row)>();
            var room = device.Info.MaxStepTokens;
            foreach (var run in runs.Where(run => run.Tokens.Count < count))
            {
                var next = run.Next(Math.Min(chunk, room));
                if (next.Length == 0)
                    continue;
                room -= next.Length;
                var row = _plan.Add(next, run.Length, run.Table, run.Ends(next.Length) ? LogitsWanted.Last : LogitsWanted.None, stateSlot: run.State);
                for (var group = 1; group < _plan.Groups; group++)
                    _plan.AddTable(Array.ConvertAll(run.Table, id => id + (group * (device.Info.BlockCount / _plan.Groups))), 0);
                if (run.Advance(next.Length))
                    rows.Add((run, row));
            }

            device.Begin(_plan);
            var result = device.End();
            foreach (var (run, row) in rows)
                run.Add(result.Logits(row));
        }

        return runs;
    }

    /// <summary>A prompt and what follows.</summary>
    /// <param name="prompt">Its tokens.</param>
    /// <param name="table">Its blocks.</param>
    /// <param name="state">Its state; -1 on a device that keeps none.</param>
    public sealed class Continuation(int[] prompt, int[] table, int state)
    {
        public int State => state;

        public int[] Table { get; } = table;

        /// <summary>Positions in the device.</summary>
        public int Length { get; private set; }

        /// <summary>The likeliest tokens.</summary>
        public List<int> Tokens { get; } = [];

        /// <summary>How far the second likeliest was behind, in each step.</summary>
        public List<float> Gaps { get; } = [];

        /// <summary>Logits of each step.</summary>
        public List<float[]> Logits { get; } = [];

        public ReadOnlySpan<int> Next(int most) => Length < prompt.Length ? prompt.AsSpan(Length, Math.Min(most, prompt.Length - Length)) : most > 0 ? new[] { Tokens[^1] } : [];

        public bool Ends(int count) => Length + count >= prompt.Length;

        public bool Advance(int count)
        {
            Length += count;
            return Length >= prompt.Length;
        }

        public void Add(ReadOnlySpan<float> logits)
        {
            var (first, second, token) = (float.NegativeInfinity, float.NegativeInfinity, -1);
            for (var i = 0; i < logits.Length; i++)
            {
                if (logits[i] > first)
                    (second, first, token) = (first, logits[i], i);
                else
                    second = Math.Max(second, logits[i]);
            }

            Tokens.Add(token);
            Gaps.Add(first - second);
            Logits.Add(logits.ToArray());
        }
    }
}
