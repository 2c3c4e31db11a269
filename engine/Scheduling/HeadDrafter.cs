using Crescent.Engine.Devices;
using Crescent.Engine.Kv;
using Crescent.Engine.Model.Text;

namespace Crescent.Engine.Scheduling;

/// <summary>
/// Guesses with the head of the engine's own model for multi-token prediction: from the hidden state of a position and the token behind it, it says the token after that, for all
/// sequences together; with the hidden state that it gives itself it goes on to further ones, a pass each. It draws as the sequence itself will.
/// </summary>
/// <remarks>
/// It has blocks of its own, in which its position p is that of hidden state p and of token p + 1. It takes the hidden states of a step as that ends: those of prompts at once,
/// the newest ones of each sequence when it guesses. What it has computed from them is found by its content, as in other caches. Where a cache has spared the model positions
/// that the head has nothing of, it begins anew behind them: turned keys tell how far apart positions are and not where they are, so that it sees less and nothing wrong.
/// Who finds no block decodes without guesses until hidden states of more positions come.
/// </remarks>
internal sealed class HeadDrafter : PassDrafter, IDrafter
{
    private readonly DraftModel _model;
    private readonly IDevice _device;
    private readonly Tokenizer _tokenizer;
    private readonly KvCache _kv;
    private readonly DraftCosts _costs;
    private readonly Stack<float[]> _free = [];
    private int[] _newest = []; // of each sequence that guesses the row of its newest hidden state

    /// <param name="model">The head.</param>
    /// <param name="tokenizer">The engine's.</param>
    /// <param name="device">The engine's.</param>
    /// <param name="count">Told of each of its passes.</param>
    /// <param name="failed">Told when it has thrown; nothing more is guessed then.</param>
    /// <exception cref="ArgumentException">It is no head of the device's model.</exception>
    public HeadDrafter(DraftModel model, Tokenizer tokenizer, DeviceInfo device, Action<StepPlan, TimeSpan> count, Action<Exception> failed)
        : base(model, tokenizer, failed)
    {
        model.CheckTokens();
        var info = model.Device.Info;
        if (info.InputSize != device.HiddenSize || info.HiddenSize != device.HiddenSize || info.VocabularySize != device.VocabularySize || info.StateSlots > 0)
        {
            throw new ArgumentException(
                $"{model.Name} takes hidden states of {info.InputSize} values for {info.VocabularySize} tokens, device {device.Name} gives {device.HiddenSize} for {device.VocabularySize}: it is no head of that model.",
                nameof(model));
        }

        _model = model;
        _device = model.Device;
        _tokenizer = tokenizer;
        var blockSize = KvBlockSize.Of(info);
        _kv = new KvCache(info.BlockCount, blockSize, groups: info.KvGroups);
        _costs = new DraftCosts(count);
    }

    /// <inheritdoc/>
    public DraftUse? Use => new DraftUse(_model.Name, _kv.TotalBlocks, _kv.FreeBlocks, _device.Info.BlockBytes, _costs.Seconds, _costs.Tokens);

    /// <inheritdoc/>
    public void Join(Sequence sequence)
    {
        if (!IsOff && sequence.Pool is null && (sequence.Request.DraftTokens ?? _model.Tokens) is > 0 and var tokens)
        {
            sequence.Draft = new SequenceDraft(tokens, _costs.NewPace(), _kv.BlockSize.BlocksFor(Math.Min(sequence.Capacity, _device.Info.MaxContext))) { Rows = new HeadRows() };
        }
    }

    /// <inheritdoc/>
    public int LimitOf(Sequence sequence)
    {
        if (IsOff || sequence.Draft is not { } draft || !draft.Pace.Guesses())
        {
            return 0;
        }

        draft.Cost = _costs.Share;
        return draft.Pace.Depth(draft.Tokens, draft.Cost);
    }

    /// <inheritdoc/>
    public void Took(StepPlan plan, TimeSpan duration) => _costs.Took(plan, duration);

    /// <inheritdoc/>
    public void Take(StepInFlight step, in StepResult result)
    {
        if (IsOff || step.Plan.HiddenRowCount == 0)
        {
            return;
        }

        var isDone = false;
        try
        {
            for (var i = 0; i < step.Scheduled.Count; i++)
            {
                var sequence = step.Scheduled[i].Sequence;
                if (sequence is { HasEnded: false, Draft: { Rows: { } rows } draft } && step.Plan.Slices[i].HiddenRow >= 0)
                {
                    Take(sequence, draft, rows, step.Plan.Slices[i], result);
                }
            }

            Compute();

            // Not before all of it is there: another may take it over in the same pass.
            foreach (var scheduled in step.Scheduled)
            {
                Register(scheduled.Sequence);
            }

            isDone = true;
        }
        catch (Exception fault) when (fault is not OutOfMemoryException)
        {
            Failed(fault);
        }
        finally
        {
            if (!isDone)
            {
                GiveUp();
            }
        }
    }

    /// <inheritdoc/>
    public void Leave(Sequence sequence)
    {
        if (sequence.Draft is { Rows: { } rows } draft)
        {
            _costs.Learn(draft.Pace);
            _kv.Free(draft.Table);
            draft.LoseBlocks();
            if (rows.End() is { } states)
            {
                _free.Push(states);
            }
        }
    }

    /// <inheritdoc/>
    public void CheckIntegrity(IEnumerable<Sequence> living) => _kv.CheckIntegrity(living.Where(static sequence => sequence.Draft is not null).Select(static sequence => sequence.Draft!.Table));

    /// <summary>Takes the hidden states that a slice gave of positions that hold.</summary>
    private void Take(Sequence sequence, SequenceDraft draft, HeadRows rows, in StepSlice slice, in StepResult result)
    {
        var end = Math.Min(Math.Min(sequence.Computed, sequence.TokenCount - 1), slice.StartPosition + slice.TokenCount);
        if (end <= slice.StartPosition)
        {
            return;
        }

        // Some positions are computed again; and where some were never, or another has given them, it begins anew.
        if (!rows.HasBegun || rows.Next(draft.Computed) < slice.StartPosition || rows.Next(draft.Computed) > end)
        {
            Begin(sequence, draft, rows, slice.StartPosition);
        }

        var first = slice.HiddenRow + rows.Next(draft.Computed) - slice.StartPosition;
        var count = end - rows.Next(draft.Computed);
        if (rows.Count + count > HeadRows.Capacity)
        {
            // The newest is kept, to guess from.
            if (!TryPlan(sequence, draft, rows, result, first, count - 1))
            {
                return;
            }

            (first, count) = (first + count - 1, 1);
        }

        for (var row = first; row < first + count; row++)
        {
            rows.Add(result.HiddenState(row));
        }
    }

    /// <summary>Begins at the position of the first hidden state that there is, or behind what other sequences have left of the same beginning.</summary>
    private void Begin(Sequence sequence, SequenceDraft draft, HeadRows rows, int position)
    {
        Leave(sequence);
        var blocks = _kv.BlockSize.FullBlocks(position);
        var start = position;
        if (position > 0 && _kv.BlockSize.PositionsIn(blocks) == position && sequence.HashRoot is { } root)
        {
            Hash(sequence, draft, root, position);
            if (_kv.Match(draft.Table, position + 1).Blocks == blocks && _kv.TryAdopt(draft.Table, new PrefixMatch(blocks, 0), position))
            {
                (start, draft.Computed) = (0, position);
            }
        }

        rows.Begin(start, _free.TryPop(out var states) ? states : new float[HeadRows.Capacity * _device.Info.InputSize]);
    }

    /// <summary>Plans all hidden states that are kept of a sequence, and then some of a step.</summary>
    /// <returns>False when there are no blocks for them: it begins anew with those of the next step.</returns>
    private bool TryPlan(Sequence sequence, SequenceDraft draft, HeadRows rows, in StepResult result, int first, int count)
    {
        var all = rows.Count + count;
        if (draft.Computed + all > _device.Info.MaxContext || !_kv.TryGrow(draft.Table, draft.Computed + all))
        {
            Leave(sequence);
            return false;
        }

        for (var done = 0; done < all;)
        {
            var tokens = Math.Min(all - done, _device.Info.MaxStepTokens - Pass.AllTokens.Length);
            if (tokens == 0)
            {
                Compute();
                continue;
            }

            Add(draft, sequence.Tokens.Slice(rows.Start + draft.Computed + 1, tokens), draft.Computed, LogitsWanted.None);
            draft.Computed += tokens;
            for (; tokens > 0; tokens--, done++)
            {
                Pass.AddInput(done < rows.Count ? rows[done] : result.HiddenState(first + done - rows.Count));
            }
        }

        rows.Clear();
        return true;
    }

    /// <summary>Does a pass without guesses, if one is planned.</summary>
    private void Compute()
    {
        if (!Pass.Slices.IsEmpty)
        {
            _costs.Passed(Pass, _device.Execute(Pass).Duration, guesses: false);
            Pass.Clear();
        }
    }

    /// <summary>What is computed of a sequence from its first position on can be found.</summary>
    private void Register(Sequence sequence)
    {
        if (sequence is { HasEnded: false, HashRoot: { } root, Draft: { Rows: { HasBegun: true, Start: 0 }, Computed: > 0 } draft })
        {
            Hash(sequence, draft, root, draft.Computed);
            _kv.Register(draft.Table, draft.Computed);
        }
    }

    /// <summary>Names the blocks of the first positions: each is told by the tokens up to the one behind it.</summary>
    private void Hash(Sequence sequence, SequenceDraft draft, BlockHash root, int positions) =>
        KvCache.Hash(draft.Table, _kv.BlockSize, root.Next(sequence.Tokens[..1]), sequence.Tokens.Slice(1, positions));

    /// <summary>Plans the newest hidden states of all sequences that have them.</summary>
    protected override void Plan(List<DraftAsk> asks, int room)
    {
        var most = Math.Max(1, room / asks.Count);
        foreach (var (sequence, limit) in asks)
        {
            var draft = sequence.Draft!;
            var rows = draft.Rows!;
            draft.ClearGuesses();
            var count = rows.Count;
            if (count == 0 || rows.Next(draft.Computed) != sequence.TokenCount - 1)
            {
                continue;
            }

            var wanted = Math.Min(Math.Min(limit, most), Math.Min(room, _device.Info.MaxContext - draft.Computed - count + 1));
            if (wanted <= 0 || count > _device.Info.MaxStepTokens - Pass.AllTokens.Length || Pass.LogitsRowCount == _device.Info.MaxLogitRows)
            {
                continue;
            }

            if (!_kv.TryGrow(draft.Table, draft.Computed + count + wanted - 1))
            {
                // What it holds may be enough for another.
                Leave(sequence);
                draft.Pace.Rest();
                continue;
            }

            room -= wanted;
            Add(draft, sequence.Tokens[^count..], draft.Computed, LogitsWanted.Last);
            for (var i = 0; i < count; i++)
            {
                Pass.AddInput(rows[i]);
            }

            draft.Computed += count;
            rows.Clear();
            draft.Wanted = wanted;
            Guessing.Add((sequence, draft));
        }
    }

    private void Add(SequenceDraft draft, ReadOnlySpan<int> tokens, int position, LogitsWanted logits)
    {
        Pass.Add(tokens, position, draft.Table.Blocks, logits, hiddenStates: logits != LogitsWanted.None);
        for (var group = 1; group < _kv.Groups; group++)
        {
            Pass.AddTable(draft.Table.Run(group).Blocks, draft.Table.Run(group).First);
        }
    }

    /// <summary>Does the pass that is planned, takes the guess of each sequence that is in it, and plans the next.</summary>
    protected override void Guess(int pass)
    {
        var result = _device.Execute(Pass);
        // Hidden states that wait go through it anyhow.
        _costs.Passed(Pass, result.Duration, guesses: Pass.AllTokens.Length == Pass.LogitsRowCount);
        Draws.Draw(result, Guessing, pass);
        if (_newest.Length < Guessing.Count)
        {
            Array.Resize(ref _newest, Guessing.Count * 2);
        }

        for (var i = 0; i < Guessing.Count; i++)
        {
            _newest[i] = Pass.Slices[i].HiddenRow + Pass.Slices[i].TokenCount - 1;
        }

        Pass.Clear();
        var left = 0;
        for (var i = 0; i < Guessing.Count; i++)
        {
            var (sequence, draft) = Guessing[i];
            var token = Draws[i];
            if ((uint)token >= (uint)_device.Info.VocabularySize)
            {
                if (draft.Count == 0)
                {
                    draft.Pace.Rest();
                }

                continue;
            }

            draft.Add(token);
            if (draft.Count < draft.Wanted && (sequence.Request.IgnoreEndOfGeneration || !_tokenizer.IsEndOfGeneration(token)))
            {
                // What it writes there is written over when the model has been there itself.
                Add(draft, draft.Guesses[^1..], draft.Computed + draft.Count - 1, LogitsWanted.Last);
                Pass.AddInput(result.HiddenState(_newest[i]));
                Guessing[left++] = (sequence, draft);
            }
        }

        Guessing.RemoveRange(left, Guessing.Count - left);
        Draws.Clear();
    }
}
