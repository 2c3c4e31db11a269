using System.Numerics;
using Crescent.Engine.Devices;
using ManagedCuda.BasicTypes;

namespace Crescent.Engine.Cuda.Steps;

/// <summary>How a step's attention is shared out among warps and blocks, for the layers that look at the same: see <c>attention.cu</c>.</summary>
/// <param name="view">What they look at.</param>
/// <param name="mostPartialRows">Rows of partial results that there is room for.</param>
internal sealed class AttentionWorks(KvView view, int mostPartialRows)
{
    /// <summary>Parts of a long context that blocks share, at most.</summary>
    public const int MostParts = 32;

    /// <summary>Ints of a work.</summary>
    public const int WorkInts = 12;

    private const int LeastPart = 128; // positions: four blocks' warps with two blocks of the cache each
    private readonly int _tokensOfWork = 16 / Math.Min(16, view.Sharers); // neighbouring tokens that a warp takes at once
    private int _slots;
    private int _partials;

    /// <summary>What the layers look at.</summary>
    public KvView View => view;

    /// <summary>Positions that a token sees, itself among them.</summary>
    public int Window => view.Reach.Most;

    /// <summary>What single warps attend to.</summary>
    public CUdeviceptr Works { get; set; }

    /// <summary>How many <see cref="Works"/>.</summary>
    public int WorkCount { get; private set; }

    /// <summary>What blocks attend to, in parts that they join.</summary>
    public CUdeviceptr PartWorks { get; set; }

    /// <summary>How many <see cref="PartWorks"/>, those with nothing to do among them.</summary>
    public int PartWorkCount { get; private set; }

    /// <summary>Counts the works of a plan.</summary>
    /// <param name="plan">The step's.</param>
    /// <param name="roundsParts">Whether <see cref="PartWorkCount"/> is a power of two.</param>
    public void Count(StepPlan plan, bool roundsParts)
    {
        int works = 0, partWorks = 0, partials = 0;
        foreach (ref readonly var slice in plan.Slices)
        {
            for (var run = First(slice); run.Count > 0; run = Next(slice, run))
            {
                var parts = PartsOf(run, partials);
                partials += parts > 1 ? parts * run.Count : 0;
                partWorks += parts;
                works += parts > 0 ? 0 : (run.Count + _tokensOfWork - 1) / _tokensOfWork;
            }
        }

        WorkCount = works;
        PartWorkCount = roundsParts ? (int)BitOperations.RoundUpToPowerOf2((uint)partWorks) : partWorks;
    }

    /// <summary>Writes the works of a plan that has been counted.</summary>
    /// <param name="plan">The step's.</param>
    /// <param name="table">Where the tables of the group begin.</param>
    /// <param name="works">(<see cref="WorkInts"/>, works).</param>
    /// <param name="partWorks">(<see cref="WorkInts"/>, parts).</param>
    public void Write(StepPlan plan, int table, Span<int> works, Span<int> partWorks)
    {
        _slots = _partials = 0;
        for (var i = 0; i < plan.Slices.Length; i++)
        {
            // The kernels count blocks from the sequence's first on, whichever are kept.
            var blocks = plan.Table(i, view.Group);
            ref readonly var slice = ref plan.Slices[i];
            for (var run = First(slice); run.Count > 0; run = Next(slice, run))
            {
                Share(run, table - blocks.First, ref works, ref partWorks);
            }

            table += blocks.Blocks.Length;
        }

        partWorks.Clear();
    }

    // All of a slice's tokens or, of layers that see chunks, those of one chunk: what they see begins at the same block.
    private TokenRun First(in StepSlice slice) => RunOf(slice.TokenOffset, slice.StartPosition, slice.TokenCount);

    private TokenRun Next(in StepSlice slice, in TokenRun run) =>
        RunOf(run.Token + run.Count, run.Position + run.Count, slice.TokenOffset + slice.TokenCount - run.Token - run.Count);

    private TokenRun RunOf(int token, int position, int left)
    {
        var chunk = view.Reach.ChunkLength;
        return new TokenRun(token, position, chunk > 0 ? Math.Min(left, chunk - (position % chunk)) : left);
    }

    /// <summary>Where a token's attention begins: at the block of the first position that it sees.</summary>
    private int BeginOf(int position) => view.Reach.FirstSeen(position) / KvPool.Slots * KvPool.Slots;

    /// <summary>Positions of each part of so many: of them alone, so that a sum is the same whatever else is in a step.</summary>
    private static int PartOf(int span) => Math.Max(LeastPart, ((((span + MostParts - 1) / MostParts) + 15) / 16) * 16);

    // 0 where each warp looks at all of its tokens' context: for prompts, which have warps enough.
    private int PartsOf(in TokenRun run, int partials)
    {
        if (run.Count > _tokensOfWork)
        {
            return 0;
        }

        // A window begins within a block: what it thereby looks at beside is not worth a part.
        var span = run.Position + run.Count - BeginOf(run.Position);
        var part = PartOf(span);
        var parts = Math.Max(1, (span - (view.Reach.SeesAll ? 0 : KvPool.Slots) + part - 1) / part);
        return partials + (parts * run.Count) <= mostPartialRows ? parts : 1;
    }

    private void Share(in TokenRun run, int table, ref Span<int> works, ref Span<int> partWorks)
    {
        var parts = PartsOf(run, _partials);
        var end = run.Position + run.Count;
        if (parts == 0)
        {
            for (var first = 0; first < run.Count; first += _tokensOfWork)
            {
                var count = Math.Min(_tokensOfWork, run.Count - first);
                var position = run.Position + first;
                _ = Fill(ref works, run.Token + first, count, position, table, BeginOf(position), position + count);
            }

            return;
        }

        var begin = BeginOf(run.Position);
        var part = PartOf(end - begin);
        for (var i = 0; i < parts; i++)
        {
            var work = Fill(ref partWorks, run.Token, run.Count, run.Position, table, begin + (i * part), i == parts - 1 ? end : begin + ((i + 1) * part));
            work[6] = _partials + (i * run.Count);
            work[7] = _slots;
            work[8] = i;
            work[9] = parts;
        }

        _slots++;
        _partials += parts > 1 ? parts * run.Count : 0;
    }

    private static Span<int> Fill(ref Span<int> works, int token, int tokens, int position, int table, int begin, int end)
    {
        var work = works[..WorkInts];
        works = works[WorkInts..];
        work.Clear();
        work[0] = token;
        work[1] = tokens;
        work[2] = position;
        work[3] = table;
        work[4] = begin;
        work[5] = end;
        return work;
    }

    private readonly record struct TokenRun(int Token, int Position, int Count);
}
