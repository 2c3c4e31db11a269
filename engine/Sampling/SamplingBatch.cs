using Crescent.Engine.Model.Text;

namespace Crescent.Engine.Sampling;

/// <summary>
/// The rows of a step that are drawn together. A device looks at <see cref="Rows"/>; the engine adds rows and takes the tokens. Nothing is
/// allocated once it has held as many rows.
/// </summary>
public sealed class SamplingBatch
{
    private readonly int _maskWords;
    private readonly int[] _endTokens;
    private SamplingRow[] _rows = [];
    private SamplingRow[] _pending = [];
    private int _pendingCount;

    /// <summary>A batch over the vocabulary of <paramref name="tokenizer"/>, as far as the model has logits for it.</summary>
    /// <param name="tokenizer">Knows the tokens that end a generation.</param>
    /// <param name="vocabularySize">Floats in a row of logits.</param>
    public SamplingBatch(Tokenizer tokenizer, int vocabularySize)
    {
        VocabularySize = vocabularySize;
        _maskWords = (Math.Max(vocabularySize, tokenizer.VocabularySize) + 63) / 64;
        _endTokens = Enumerable.Range(0, Math.Min(vocabularySize, tokenizer.VocabularySize)).Where(tokenizer.IsEndOfGeneration).ToArray();
    }

    /// <summary>Floats in a row of logits.</summary>
    public int VocabularySize { get; }

    /// <summary>The tokens that end a generation.</summary>
    public ReadOnlySpan<int> EndTokens => _endTokens;

    /// <summary>The rows to draw from now.</summary>
    public ReadOnlySpan<SamplingRow> Rows => _pending.AsSpan(0, _pendingCount);

    /// <summary>Rows that were added, those among them whose token needed no draw.</summary>
    internal int Count { get; private set; }

    /// <summary>A row, in the order in which they were added.</summary>
    internal SamplingRow this[int index] => _rows[index];

    /// <summary>Adds the next token of a sequence; see <see cref="SamplingRow.Begin"/>.</summary>
    internal void Add(SamplingState state, int logitsRow, int position) => Add(state, logitsRow, position, guess: -1);

    /// <summary>Adds a guess of a sequence's token; see <see cref="SamplingRow.BeginGuess"/>.</summary>
    internal void AddGuess(SamplingState state, int logitsRow, int position, int ahead) => Add(state, logitsRow, position, ahead);

    private void Add(SamplingState state, int logitsRow, int position, int guess)
    {
        if (Count == _rows.Length)
        {
            Array.Resize(ref _rows, Math.Max(8, Count * 2));
            Array.Resize(ref _pending, _rows.Length);
            for (var i = Count; i < _rows.Length; i++)
            {
                _rows[i] = new SamplingRow(_maskWords);
            }
        }

        var row = _rows[Count++];
        try
        {
            if (guess < 0)
            {
                row.Begin(state, logitsRow, position);
            }
            else
            {
                row.BeginGuess(state, logitsRow, position, guess);
            }
        }
        catch (Exception fault)
        {
            row.Fail(fault);
        }

        if (row.IsPending)
        {
            _pending[_pendingCount++] = row;
        }
    }

    /// <summary>Takes what was drawn; afterwards <see cref="Rows"/> are those that have to be drawn once more.</summary>
    internal void Settle()
    {
        var left = 0;
        for (var i = 0; i < _pendingCount; i++)
        {
            var row = _pending[i];
            try
            {
                row.Settle();
            }
            catch (Exception fault)
            {
                row.Fail(fault);
            }

            if (row.IsPending)
            {
                _pending[left++] = row;
            }
        }

        _pendingCount = left;
    }

    /// <summary>Empties the batch.</summary>
    internal void Clear()
    {
        for (var i = 0; i < Count; i++)
        {
            _rows[i].Clear();
        }

        Count = _pendingCount = 0;
    }
}
