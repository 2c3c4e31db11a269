using Crescent.Engine.Kv;

namespace Crescent.Engine.Scheduling;

/// <summary>What a <see cref="ModelDrafter"/> or a <see cref="HeadDrafter"/> keeps of a sequence: blocks of the model that guesses, how far they go, and what it guessed last.</summary>
/// <param name="tokens">Most tokens to guess, 1 to <see cref="Speculation.MaxTokens"/>.</param>
/// <param name="pace">How its guesses do.</param>
/// <param name="blocks">Blocks of positions for which there is room from the start.</param>
internal sealed class SequenceDraft(int tokens, GuessPace pace, int blocks)
{
    private readonly int[] _guesses = new int[Speculation.MaxTokens];

    // Tokens of the sequence when it guessed last: of what is computed behind them it is still to be seen whether it came true.
    private int _known;

    /// <summary>Most tokens to guess.</summary>
    public int Tokens { get; } = tokens;

    /// <summary>How its guesses do.</summary>
    public GuessPace Pace { get; } = pace;

    /// <summary>What a guess costs of a step: acceptance below that is not worth it.</summary>
    public double Cost { get; set; } = GuessPace.MinAcceptance;

    /// <summary>True when nothing more is guessed for it: it has tokens that the draft model does not know, or more of them than that has positions.</summary>
    public bool IsOff { get; set; }

    /// <summary>Its blocks in the draft model's memory.</summary>
    public BlockTable Table { get; } = new(blocks);

    /// <summary>Positions whose keys and values are in <see cref="Table"/>.</summary>
    public int Computed { get; set; }

    /// <summary>Guesses to make now; 0 while it catches up.</summary>
    public int Wanted { get; set; }

    /// <summary>Guesses that were made.</summary>
    public int Count { get; private set; }

    /// <summary>What was guessed.</summary>
    public ReadOnlySpan<int> Guesses => _guesses.AsSpan(0, Count);

    /// <summary>What the head of the engine's own model is still to take in; null where a draft model guesses.</summary>
    public HeadRows? Rows { get; init; }

    /// <summary>Forgets what was guessed.</summary>
    public void ClearGuesses() => (Count, Wanted) = (0, 0);

    /// <summary>Goes back to the last position that holds one of <paramref name="tokens"/>, the newest of which is to be computed in any case.</summary>
    public void Rewind(ReadOnlySpan<int> tokens)
    {
        var right = Math.Min(Computed, _known);
        while (right < Computed && right < tokens.Length && _guesses[right - _known] == tokens[right])
        {
            right++;
        }

        Computed = Math.Min(right, tokens.Length - 1);
        (Count, Wanted, _known) = (0, 0, tokens.Length);
    }

    /// <summary>Takes the next guess.</summary>
    public void Add(int token) => _guesses[Count++] = token;

    /// <summary>It has lost its blocks.</summary>
    public void LoseBlocks() => Computed = Count = Wanted = _known = 0;
}
