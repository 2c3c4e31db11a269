namespace Crescent.Engine.Sampling;

/// <summary>
/// One row of logits to draw a token from, and what was drawn. Everything that a device needs is here in plain arrays; the rows are kept and
/// used again, so that drawing allocates nothing.
/// </summary>
public sealed class SamplingRow
{
    /// <summary>What <see cref="Token"/> is when no token may come.</summary>
    public const int NoToken = -1;

    /// <summary>What <see cref="Token"/> is when the largest logit is not a finite number.</summary>
    public const int NotFinite = -2;

    /// <summary>What <see cref="Token"/> is when drawing it threw.</summary>
    public const int Failed = -3;

    /// <summary>Tokens that are drawn in vain, because the output could not be ended in time after them, before the shortest way is taken.</summary>
    private const int MaxRefused = 8;

    private readonly int[] _topTokens = new int[SamplingParameters.MaxTopLogprobs];
    private readonly float[] _topLogprobs = new float[SamplingParameters.MaxTopLogprobs];
    private readonly int _maskWords;
    private ulong[] _mask = [];
    private SamplingState? _state;
    private bool _masked;
    private int _spare;
    private int _refused;
    private int _firstToken;
    private float _firstLogprob;

    internal SamplingRow(int maskWords) => _maskWords = maskWords;

    /// <summary>Which of the last step's rows of logits.</summary>
    public int LogitsRow { get; private set; }

    /// <summary>How the token is drawn.</summary>
    public SamplingParameters Parameters { get; private set; } = SamplingParameters.Greedy;

    /// <summary>Where the draw falls among what is kept: in [0, 1), a function of the request's seed and the token's position.</summary>
    public double Uniform { get; private set; }

    /// <summary>True when the tokens that end a generation may not come yet.</summary>
    public bool ForbidsEnd { get; private set; }

    /// <summary>One bit for each token that may come, the lowest of the first word for token 0; empty when all may.</summary>
    public ReadOnlySpan<ulong> Mask => _masked ? _mask : [];

    /// <summary>The token that has to come whatever its logit, so that only its logprob is asked for; -1 for none.</summary>
    public int Forced { get; private set; }

    /// <summary>
    /// True when this row was drawn in this step already and its token refused: the mask has lost that token, and the logprobs of the first
    /// draw stand.
    /// </summary>
    public bool IsRedraw => _refused > 0;

    /// <summary>Tokens whose logits are moved by <see cref="Biases"/>.</summary>
    public ReadOnlySpan<int> BiasTokens => _state!.BiasTokens;

    /// <summary>What is added to the logits of <see cref="BiasTokens"/>.</summary>
    public ReadOnlySpan<float> Biases => _state!.Biases;

    /// <summary>The tokens of prompt and output, each once, when there are penalties.</summary>
    public ReadOnlySpan<int> SeenTokens => _state!.Counts is { } counts ? counts.Tokens : [];

    /// <summary>Times of <see cref="SeenTokens"/> in the output; 0 for those of the prompt alone.</summary>
    public ReadOnlySpan<int> SeenCounts => _state!.Counts is { } counts ? counts.Counts : [];

    /// <summary>To be set: the token, <see cref="NoToken"/> or <see cref="NotFinite"/>.</summary>
    public int Token { get; set; }

    /// <summary>To be set where logprobs are asked for: the token's, the model's own.</summary>
    public float Logprob { get; set; }

    /// <summary>To be filled where logprobs are asked for, unless <see cref="IsRedraw"/>: the likeliest tokens, the likeliest first, ties by id.</summary>
    public Span<int> TopTokens => _topTokens.AsSpan(0, Parameters.TopLogprobs ?? 0);

    /// <summary>To be filled with <see cref="TopTokens"/>: their logprobs, the model's own.</summary>
    public Span<float> TopLogprobs => _topLogprobs.AsSpan(0, Parameters.TopLogprobs ?? 0);

    /// <summary>What was thrown, where <see cref="Token"/> is <see cref="Failed"/>.</summary>
    internal Exception? Fault { get; private set; }

    /// <summary>log(sum of exp(logit)) of the row as the model gave it, kept from the first draw to the next.</summary>
    internal double Normaliser { get; set; }

    /// <summary>True until <see cref="Token"/> stands: a device has to look at the row.</summary>
    internal bool IsPending { get; private set; }

    /// <summary>The logprobs to hand out; null when none are asked for. <paramref name="vocabularySize"/> may be less than the alternatives asked for.</summary>
    internal TokenLogprobs? Logprobs(int vocabularySize)
    {
        if (Parameters.TopLogprobs is not { } count || Token < 0)
        {
            return null;
        }

        count = Math.Min(count, vocabularySize);
        return new TokenLogprobs(Logprob, _topTokens.AsSpan(0, count).ToArray(), _topLogprobs.AsSpan(0, count).ToArray());
    }

    /// <summary>Sets the row up for the next token of a sequence.</summary>
    /// <param name="state">The sequence's; not changed.</param>
    /// <param name="logitsRow">Its row.</param>
    /// <param name="position">Position of the token in prompt and output.</param>
    internal void Begin(SamplingState state, int logitsRow, int position)
    {
        _state = state;
        _refused = 0;
        _masked = false;
        _spare = -1;
        LogitsRow = logitsRow;
        Parameters = state.Parameters;
        Uniform = Parameters.Temperature > 0 ? CounterRandom.NextUniform(Parameters.Seed, position) : 0;
        ForbidsEnd = state.OutputCount < Parameters.MinTokens && state.Constraint?.IsComplete != true;
        Forced = -1;
        Token = NoToken;
        IsPending = true;
        if (state.OutputCount < Parameters.Given.Count)
        {
            Force(Parameters.Given[state.OutputCount]);
        }
        else if (state.Constraint is { IsActive: true } constraint)
        {
            Constrain(constraint);
        }
    }

    /// <summary>
    /// Sets the row up for a guess of a token of a sequence, from another model's logits: drawn as the sequence's own will be, but that its structure does not hold it,
    /// nobody is told of its likelihood, and penalties do not know the guesses before it.
    /// </summary>
    /// <param name="state">The sequence's; not changed.</param>
    /// <param name="logitsRow">Its row.</param>
    /// <param name="position">Position of the newest token's successor in prompt and output.</param>
    /// <param name="ahead">Guesses before it.</param>
    internal void BeginGuess(SamplingState state, int logitsRow, int position, int ahead)
    {
        _state = state;
        _refused = 0;
        _masked = false;
        _spare = -1;
        LogitsRow = logitsRow;
        Parameters = state.GuessParameters;
        Uniform = Parameters.Temperature > 0 ? CounterRandom.NextUniform(Parameters.Seed, position + ahead) : 0;
        ForbidsEnd = state.OutputCount + ahead < Parameters.MinTokens && state.Constraint?.IsComplete != true;
        Forced = -1;
        Token = NoToken;
        IsPending = true;
    }

    /// <summary>Checks the token that was drawn: one that leaves the structure of the output too few tokens to be ended is drawn again.</summary>
    internal void Settle()
    {
        IsPending = false;
        if (Token == Failed || Forced >= 0 || _spare < 0 || (Token < 0 && !IsRedraw))
        {
            return;
        }

        var constraint = _state!.Constraint!;
        if (Token >= 0)
        {
            if (constraint.CanEndAfter(Token, _state.TokensLeft))
            {
                return;
            }

            if (_refused++ == 0)
            {
                (_firstToken, _firstLogprob) = (Token, Logprob);
            }

            if (_refused < MaxRefused)
            {
                _mask[Token >> 6] &= ~(1UL << Token);
                IsPending = true;
                return;
            }
        }

        // A vocabulary that lacks a byte may have no way: then the output is cut at its limit.
        if (constraint.ClosingToken() is >= 0 and var way)
        {
            Force(way);
        }
        else
        {
            (Token, Logprob) = (_firstToken, _firstLogprob);
        }
    }

    /// <summary>Takes note that this row alone cannot be drawn: its request ends, and the others of the step have their tokens.</summary>
    internal void Fail(Exception fault)
    {
        Fault = fault;
        Token = Failed;
        IsPending = false;
    }

    /// <summary>Lets go of the sequence.</summary>
    internal void Clear()
    {
        _state = null;
        Fault = null;
    }

    private void Constrain(OutputConstraint constraint)
    {
        if (_mask.Length == 0)
        {
            _mask = new ulong[_maskWords];
        }

        _masked = true;
        if (constraint.FillMask(_mask) == 0)
        {
            IsPending = false;
            return;
        }

        _spare = constraint.Spare(_state!.TokensLeft);
        if (_spare == 0 && constraint.ClosingToken() is >= 0 and var closing)
        {
            Force(closing);
        }
    }

    private void Force(int token)
    {
        Forced = Token = token;
        IsPending = Parameters.TopLogprobs is not null;
    }
}
