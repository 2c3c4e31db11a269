using Crescent.Engine.Devices;
using Crescent.Engine.Kv;
using Crescent.Engine.Model.Text;

namespace Crescent.Engine.Scheduling;

/// <summary>
/// Guesses with a smaller model: for all sequences together, a pass of it for each further token. It draws as the sequence itself will, with the same randomness for
/// the same position, so that guesses of sampled requests come true as well where the two models agree.
/// </summary>
/// <remarks>
/// It has blocks of its own of each sequence, in which it follows the sequence's tokens: wrong guesses are overwritten, and what it has not seen yet, such as a prompt,
/// it computes in chunks that make no step much longer, without guessing meanwhile. Full blocks are found by their content, so that prompts that begin alike are
/// computed once, and after a preemption most of it is there. Who finds no block decodes without guesses: nobody loses blocks to another here.
/// How many tokens it guesses for a sequence follows from how many came true: each further one must come true more often than it costs of a step, in passes of the draft and in rows to check.
/// </remarks>
internal sealed class ModelDrafter : PassDrafter, IDrafter
{
    /// <summary>Tokens that are not computed yet beyond which a sequence has to catch up in chunks.</summary>
    private const int Near = Speculation.MaxTokens + 1;

    /// <summary>Tokens of a chunk as long as nothing is known of what they cost, and at the least.</summary>
    private const int FirstChunk = 64;
    private const int LeastChunk = 16;

    /// <summary>Part of the strictest promise that catching up takes of the time before a step.</summary>
    private const double ChunkShare = 0.25;

    private readonly DraftModel _model;
    private readonly IDevice _device;
    private readonly Tokenizer _tokenizer;
    private readonly int _vocabulary;
    private readonly double _promise;
    private readonly KvCache _kv;
    private readonly DraftCosts _costs;
    private double _tokenSeconds;

    /// <param name="model">The draft model.</param>
    /// <param name="tokenizer">The engine's.</param>
    /// <param name="vocabulary">Tokens that the engine's model knows.</param>
    /// <param name="options">What is promised.</param>
    /// <param name="count">Told of each of its passes.</param>
    /// <param name="failed">Told when it has thrown; nothing more is guessed then.</param>
    /// <exception cref="ArgumentException">The model cannot be a draft.</exception>
    public ModelDrafter(
        DraftModel model, Tokenizer tokenizer, int vocabulary, EngineOptions options, Action<StepPlan, TimeSpan> count, Action<Exception> failed)
        : base(model, tokenizer, failed)
    {
        model.CheckTokens();
        var info = model.Device.Info;
        if (info.StateSlots > 0)
        {
            throw new ArgumentException($"{model.Name} keeps states of sequences, which cannot go back behind a wrong guess: it can be no draft.", nameof(model));
        }

        _model = model;
        _device = model.Device;
        _tokenizer = tokenizer;
        _vocabulary = Math.Min(vocabulary, info.VocabularySize);
        _promise = Math.Min(options.ItlSeconds, options.BatchItlSeconds);
        var blockSize = KvBlockSize.Of(info);
        _kv = new KvCache(info.BlockCount, blockSize, groups: info.KvGroups);
        _costs = new DraftCosts(count);
    }

    /// <inheritdoc/>
    public DraftUse? Use => new DraftUse(_model.Name, _kv.TotalBlocks, _kv.FreeBlocks, _device.Info.BlockBytes, _costs.Seconds, _costs.Tokens);

    /// <inheritdoc/>
    public void Join(Sequence sequence)
    {
        if (!IsOff && sequence.Pool is null && (sequence.Request.DraftTokens ?? _model.Tokens) is > 0 and var tokens && KnowsBiases(sequence.Request))
        {
            sequence.Draft = new SequenceDraft(tokens, _costs.NewPace(), _kv.BlockSize.BlocksFor(Math.Min(sequence.Capacity, _device.Info.MaxContext)));
        }
    }

    /// <inheritdoc/>
    public int LimitOf(Sequence sequence)
    {
        if (IsOff || sequence.Draft is not { IsOff: false } draft)
        {
            return 0;
        }

        if (sequence.TokenCount > _device.Info.MaxContext)
        {
            GiveUp(sequence, draft);
            return 0;
        }

        if (!draft.Pace.Guesses())
        {
            return 0;
        }

        draft.Cost = _costs.Share;
        return draft.Pace.Depth(draft.Tokens, draft.Cost);
    }

    /// <inheritdoc/>
    public void Took(StepPlan plan, TimeSpan duration) => _costs.Took(plan, duration);

    /// <inheritdoc/>
    public void Leave(Sequence sequence)
    {
        if (sequence.Draft is { } draft)
        {
            _costs.Learn(draft.Pace);
            _kv.Free(draft.Table);
            draft.LoseBlocks();
        }
    }

    /// <inheritdoc/>
    public void CheckIntegrity(IEnumerable<Sequence> living) => _kv.CheckIntegrity(living.Where(static sequence => sequence.Draft is not null).Select(static sequence => sequence.Draft!.Table));

    /// <summary>Guesses nothing more for a sequence.</summary>
    private void GiveUp(Sequence sequence, SequenceDraft draft)
    {
        Leave(sequence);
        draft.IsOff = true;
    }

    /// <summary>Whether it has a logit for each token that a request moves: the vocabulary of the engine's model may be longer.</summary>
    private bool KnowsBiases(InferenceRequest request)
    {
        foreach (var token in request.Sampling.LogitBias.Keys)
        {
            if (token >= _device.Info.VocabularySize)
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>Plans what is not computed yet of all sequences, of those that are far behind as much as there is time for.</summary>
    protected override void Plan(List<DraftAsk> asks, int room)
    {
        var chunk = _tokenSeconds > 0 ? (int)Math.Clamp(ChunkShare * _promise / _tokenSeconds, LeastChunk, _device.Info.MaxStepTokens) : FirstChunk;
        var most = Math.Max(1, room / asks.Count);
        foreach (var (sequence, limit) in asks)
        {
            var draft = sequence.Draft!;
            draft.Rewind(sequence.Tokens);
            Register(sequence, draft);
            if (chunk > 0 && draft.Table.Count == 0)
            {
                Begin(sequence, draft);
            }

            var behind = sequence.TokenCount - draft.Computed;
            var tokens = Math.Min(behind <= Near ? behind : Math.Min(behind, chunk), _device.Info.MaxStepTokens - Pass.AllTokens.Length);
            var isThere = tokens == behind;
            var wanted = isThere ? Math.Min(Math.Min(limit, most), Math.Min(room, _device.Info.MaxContext - sequence.TokenCount + 1)) : 0;
            if (tokens <= 0 || (isThere && (wanted <= 0 || Pass.LogitsRowCount == _device.Info.MaxLogitRows)))
            {
                continue;
            }

            if (sequence.Tokens.Slice(draft.Computed, tokens).ContainsAnyExceptInRange(0, _device.Info.VocabularySize - 1))
            {
                GiveUp(sequence, draft);
                continue;
            }

            if (!_kv.TryGrow(draft.Table, draft.Computed + tokens + Math.Max(0, wanted - 1)))
            {
                // What it holds may be enough for another.
                Leave(sequence);
                draft.Pace.Rest();
                continue;
            }

            chunk -= behind <= Near ? 0 : tokens;
            room -= wanted;
            Add(draft, sequence.Tokens.Slice(draft.Computed, tokens), isThere ? LogitsWanted.Last : LogitsWanted.None);
            if (isThere)
            {
                draft.Wanted = wanted;
                Guessing.Add((sequence, draft));
            }
        }
    }

    /// <summary>What earlier passes have computed of it, and has come true, can be found.</summary>
    private void Register(Sequence sequence, SequenceDraft draft)
    {
        if (sequence.HashRoot is { } root)
        {
            KvCache.Hash(draft.Table, _kv.BlockSize, root, sequence.Tokens[..draft.Computed]);
            _kv.Register(draft.Table, draft.Computed);
        }
    }

    /// <summary>Takes over what the blocks hold of a sequence's beginning.</summary>
    private void Begin(Sequence sequence, SequenceDraft draft)
    {
        if (sequence.HashRoot is not { } root)
        {
            return;
        }

        KvCache.Hash(draft.Table, _kv.BlockSize, root, sequence.Tokens);
        var match = _kv.Match(draft.Table, sequence.TokenCount);
        var positions = _kv.BlockSize.PositionsIn(match.Blocks);
        if (positions > 0 && _kv.TryAdopt(draft.Table, match, positions))
        {
            draft.Computed = positions;
        }
    }

    private void Add(SequenceDraft draft, ReadOnlySpan<int> tokens, LogitsWanted logits)
    {
        Pass.Add(tokens, draft.Computed, draft.Table.Blocks, logits);
        for (var group = 1; group < _kv.Groups; group++)
        {
            Pass.AddTable(draft.Table.Run(group).Blocks, draft.Table.Run(group).First);
        }

        draft.Computed += tokens.Length;
    }

    /// <summary>Does the pass that is planned, takes the guess of each sequence that is in it with a row, and plans the next.</summary>
    protected override void Guess(int pass)
    {
        var result = _device.Execute(Pass);
        Count(result.Duration);
        Draws.Draw(result, Guessing, pass);
        Pass.Clear();
        var left = 0;
        for (var i = 0; i < Guessing.Count; i++)
        {
            var (sequence, draft) = Guessing[i];
            var token = Draws[i];
            if ((uint)token >= (uint)_vocabulary)
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
                Add(draft, draft.Guesses[^1..], LogitsWanted.Last);
                Guessing[left++] = (sequence, draft);
            }
        }

        Guessing.RemoveRange(left, Guessing.Count - left);
        Draws.Clear();
    }

    private void Count(TimeSpan duration)
    {
        var tokens = Pass.AllTokens.Length;
        var guesses = tokens == Pass.LogitsRowCount;
        _costs.Passed(Pass, duration, guesses);
        if (!guesses && tokens >= LeastChunk)
        {
            DraftCosts.Smooth(ref _tokenSeconds, duration.TotalSeconds / tokens);
        }
    }
}
