using Crescent.Engine.Kv;
using Crescent.Engine.Model.Text;

namespace Crescent.Engine.Scheduling;

/// <summary>
/// A request in the engine. There are no phases: computed positions chase the tokens, prompt and output alike, and a sequence
/// whose last token is computed gets its next one.
/// </summary>
internal sealed class Sequence
{
    private int[] _tokens;

    public Sequence(InferenceRequest request, Tokenizer tokenizer, long submittedAt)
    {
        Request = request;
        _tokens = new int[Math.Max(16, request.Prompt.Length + Math.Min(request.MaxTokens, 256))];
        request.Prompt.CopyTo(_tokens, 0);
        TokenCount = request.Prompt.Length;
        SubmittedAt = submittedAt;
        Text = new TextStream(tokenizer, request.StopStrings);
    }

    public InferenceRequest Request { get; }

    /// <summary>Prompt and output so far.</summary>
    public ReadOnlySpan<int> Tokens => _tokens.AsSpan(0, TokenCount);

    public int TokenCount { get; private set; }

    /// <summary>Positions whose keys and values are in the blocks.</summary>
    public int Computed { get; set; }

    /// <summary>Tokens that are not computed yet: 1 while decoding, more during prefill.</summary>
    public int Remaining => TokenCount - Computed;

    /// <summary>Tokens generated.</summary>
    public int OutputCount => TokenCount - Request.Prompt.Length;

    public BlockTable Table { get; } = new();

    /// <summary>Turns output tokens into text and finds stop strings.</summary>
    public TextStream Text { get; }

    // Timestamps of the engine's TimeProvider; 0 until it happened.
    public long SubmittedAt { get; }

    public long StartedAt { get; set; }

    public long FirstTokenAt { get; set; }

    public double Joules { get; set; }

    public bool Cancelled { get; set; }

    public void Append(int token)
    {
        if (TokenCount == _tokens.Length)
        {
            Array.Resize(ref _tokens, TokenCount * 2);
        }

        _tokens[TokenCount++] = token;
    }
}
