using System.Text;
using Crescent.Engine.Model.Text;
using Crescent.Engine.Sampling.Grammars;

namespace Crescent.Engine.Sampling;

/// <summary>Holds one sequence to its <see cref="OutputStructure"/>: which tokens may come next, given those that came.</summary>
public sealed class OutputConstraint
{
    private readonly Grammar _grammar;
    private readonly Tokenizer _tokenizer;
    private readonly string? _triggerName;
    private readonly byte[] _trigger;

    // The newest bytes while the output is free, as many as the trigger has.
    private readonly List<byte> _tail = [];
    private GrammarState? _state;

    /// <summary>The constraint before the first token.</summary>
    public OutputConstraint(Grammar grammar, string? trigger)
    {
        _grammar = grammar;
        _tokenizer = grammar.Vocabulary.Tokenizer;
        _triggerName = trigger;
        _trigger = Encoding.UTF8.GetBytes(trigger ?? "");
        _state = trigger is null ? grammar.Start() : null;
    }

    /// <summary>True when the output is whole and only an end token may follow.</summary>
    public bool IsComplete => _triggerName is null && _state!.IsComplete;

    /// <summary>True while the grammar says which tokens may come; false where the output is free.</summary>
    public bool IsActive => _state is not null;

    /// <summary>Writes one bit for each token that may come next, while <see cref="IsActive"/>.</summary>
    /// <param name="mask">Room for a bit each token.</param>
    /// <returns>How many may come.</returns>
    public int FillMask(Span<ulong> mask) => _state!.FillMask(mask);

    /// <summary>
    /// How many tokens may be spent beyond a shortest way to the end of the structure, of <paramref name="left"/> that may still come: 0 when each of
    /// them must come nearer to the end; below 0 when there are too few anyway, or nothing to end.
    /// </summary>
    public int Spare(int left) => _state is null || _state.IsEnded ? -1 : left - EndTokens - _state.Distance;

    /// <summary>True when the structure can still be ended after <paramref name="token"/>, if <paramref name="left"/> tokens may come with it.</summary>
    public bool CanEndAfter(int token, int left) =>
        _tokenizer.IsEndOfGeneration(token) || left - 1 - EndTokens >= _state!.DistanceAfter(token);

    /// <summary>The first token of a shortest way to the end of the structure, or -1.</summary>
    public int ClosingToken() => _state!.ClosingToken();

    /// <summary>Takes note of a token of the output.</summary>
    public void Observe(int token)
    {
        if (_state is null)
        {
            Watch(token);
        }
        else
        {
            _state.Advance(token);
            EndTriggered();
        }
    }

    // Only where the whole output follows the grammar does an end token close it.
    private int EndTokens => _triggerName is null ? 1 : 0;

    private void Watch(int token)
    {
        if (_tokenizer.IsSpecial(token))
        {
            _tail.Clear();
            if (_tokenizer.TokenName(token) == _triggerName)
            {
                _state = _grammar.Start();
            }

            return;
        }

        var bytes = _tokenizer.TokenBytes(token);
        for (var i = 0; i < bytes.Length; i++)
        {
            _tail.Add(bytes[i]);
            if (_tail.Count > _trigger.Length)
            {
                _tail.RemoveAt(0);
            }

            if (_tail.Count == _trigger.Length && _tail.SequenceEqual(_trigger))
            {
                // A token may reach beyond the trigger. What it holds there cannot be taken back: if the grammar does not allow it, the
                // model is not writing what the grammar is for.
                _tail.Clear();
                var state = _grammar.Start();
                if (state.Advance(bytes[(i + 1)..]))
                {
                    _state = state;
                    EndTriggered();
                    return;
                }
            }
        }
    }

    private void EndTriggered()
    {
        if (_triggerName is not null && _state!.IsComplete)
        {
            _state = null;
        }
    }
}
