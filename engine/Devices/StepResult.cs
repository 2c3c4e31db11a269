namespace Crescent.Engine.Devices;

/// <summary>What a step gave: logits to sample from, or the tokens themselves. Owned by the device and valid until its next step.</summary>
public readonly ref struct StepResult
{
    private readonly Span<float> _logits;
    private readonly ReadOnlySpan<int> _tokens;
    private readonly int _vocabularySize;
    private readonly ReadOnlySpan<float> _hidden;
    private readonly int _hiddenSize;

    /// <summary>Rows of logits, one after the other, and hidden states where the plan wants them.</summary>
    /// <param name="logits">(rows, vocabulary).</param>
    /// <param name="vocabularySize">Floats in a row.</param>
    /// <param name="duration">Device time of the step: measured, or modelled by a simulated device.</param>
    /// <param name="hidden">(hidden rows, hidden size): what the last layer gives, after the final norm.</param>
    /// <param name="hiddenSize">Floats in a hidden state.</param>
    public StepResult(Span<float> logits, int vocabularySize, TimeSpan duration, ReadOnlySpan<float> hidden = default, int hiddenSize = 0)
    {
        _logits = logits;
        _vocabularySize = vocabularySize;
        _hidden = hidden;
        _hiddenSize = hiddenSize;
        Duration = duration;
    }

    /// <summary>The next token of each row, from a device that has no logits: a simulated one.</summary>
    /// <param name="tokens">(rows).</param>
    /// <param name="duration">Modelled time of the step.</param>
    public StepResult(ReadOnlySpan<int> tokens, TimeSpan duration)
    {
        _tokens = tokens;
        Duration = duration;
    }

    /// <summary>Device time of the step.</summary>
    public TimeSpan Duration { get; }

    /// <summary>True when rows are tokens, not logits.</summary>
    public bool HasTokens => !_tokens.IsEmpty;

    /// <summary>The token of a row, when <see cref="HasTokens"/>.</summary>
    public int Token(int row) => _tokens[row];

    /// <summary>A row of logits (vocabulary), unless <see cref="HasTokens"/>; the caller may overwrite it.</summary>
    public Span<float> Logits(int row) => _logits.Slice(row * _vocabularySize, _vocabularySize);

    /// <summary>The hidden state of a row (hidden size): what the last layer gives for its token, after the final norm.</summary>
    public ReadOnlySpan<float> HiddenState(int row) => _hidden.Slice(row * _hiddenSize, _hiddenSize);
}
