namespace Crescent.Engine.Scheduling;

/// <summary>
/// The hidden states of a sequence's newest positions, which its model's head is still to take in, and where the head begins: it has keys and values from there on, its own
/// position 0, since positions that a cache spared the model gave no hidden states.
/// </summary>
internal sealed class HeadRows
{
    /// <summary>Hidden states for which there is room: those of a step that checks guesses, and of as many again while nothing is guessed.</summary>
    public const int Capacity = 2 * (Speculation.MaxTokens + 1);

    private float[]? _states; // (hidden size, Capacity)
    private int _size;

    /// <summary>The first position whose hidden state the head has had or is to have; nothing sensible before <see cref="Begin"/>.</summary>
    public int Start { get; private set; }

    /// <summary>Hidden states that are kept, of positions one after the other.</summary>
    public int Count { get; private set; }

    /// <summary>Whether the head has begun in its sequence.</summary>
    public bool HasBegun => _states is not null;

    /// <summary>The first position whose hidden state has not come.</summary>
    /// <param name="computed">Positions of the head whose keys and values are there.</param>
    public int Next(int computed) => Start + computed + Count;

    /// <summary>A hidden state, the oldest first.</summary>
    public ReadOnlySpan<float> this[int index] => _states.AsSpan(index * _size, _size);

    /// <summary>The head begins at a position; nothing is kept.</summary>
    /// <param name="start">The position.</param>
    /// <param name="states">Room for <see cref="Capacity"/> hidden states.</param>
    public void Begin(int start, float[] states)
    {
        (_states, _size) = (states, states.Length / Capacity);
        (Start, Count) = (start, 0);
    }

    /// <summary>Keeps the next hidden state.</summary>
    public void Add(ReadOnlySpan<float> state) => state.CopyTo(_states.AsSpan(Count++ * _size, _size));

    /// <summary>They have been taken in.</summary>
    public void Clear() => Count = 0;

    /// <summary>The head's blocks are gone.</summary>
    /// <returns>The room of its hidden states; null where it had not begun.</returns>
    public float[]? End()
    {
        var states = _states;
        _states = null;
        Count = 0;
        return states;
    }
}
