using System.Text;
using Crescent.Engine.Model.Text;
using Crescent.Engine.Sampling.Grammars;

namespace Crescent.Engine.Sampling;

/// <summary>Holds one sequence to its <see cref="OutputStructure"/>: which tokens may come next, given those that came.</summary>
public sealed class OutputConstraint : IMaskSearch
{
    /// <summary>So many tokens before it would be too late, a structure may have to take the shortest way to its end.</summary>
    private const int SteeredTokens = 16;

    private readonly Grammar _grammar;
    private readonly Tokenizer _tokenizer;
    private readonly string? _triggerName;
    private readonly byte[] _trigger;
    private readonly bool _once;

    // The newest bytes while the output is free, as many as the trigger has.
    private readonly List<byte> _tail = [];
    private GrammarState? _state;
    private bool _isReady;
    private volatile bool _isAbandoned;

    /// <summary>The constraint before the first token.</summary>
    /// <param name="grammar">What holds the output.</param>
    /// <param name="trigger">See <see cref="OutputStructure.Trigger"/>.</param>
    /// <param name="once">See <see cref="OutputStructure.Once"/>.</param>
    public OutputConstraint(Grammar grammar, string? trigger, bool once = false)
    {
        _once = once;
        _grammar = grammar;
        _tokenizer = grammar.Vocabulary.Tokenizer;
        _triggerName = trigger;
        _trigger = Encoding.UTF8.GetBytes(trigger ?? "");
        _state = trigger is null ? grammar.Start() : null;
    }

    /// <summary>True when the output is whole and only an end token may follow.</summary>
    public bool IsComplete => (_triggerName is null || _once) && _state is { IsComplete: true };

    /// <summary>True once an end token has closed the structure: nothing may follow.</summary>
    public bool IsEnded => _state is { IsEnded: true };

    /// <summary>Output tokens that may still come.</summary>
    public int TokensLeft { get; set; } = int.MaxValue;

    /// <summary>Why the tokens that may come next cannot be found; null while they can.</summary>
    public string? Fault { get; private set; }

    /// <summary>Nobody wants the next token any more: whoever looks for what it may be can stop.</summary>
    public bool IsAbandoned
    {
        get => _isAbandoned;
        set => _isAbandoned = value;
    }

    /// <summary>
    /// Looks for the tokens that may come next, so that <see cref="FillMask"/> has only to use them. What was found stays found until the next
    /// token. Until it is true, no other thread may use the constraint.
    /// </summary>
    /// <param name="budget">Work that may be done here, about 25 ns a piece; what is done is taken from it.</param>
    /// <returns>True once they are found, or <see cref="Fault"/> says why they cannot be; false when the budget is used up before.</returns>
    public bool TryPrepareMask(ref long budget)
    {
        if (_isReady || _state is null)
        {
            return true;
        }

        try
        {
            // Near its end a structure is steered: what that takes is found beforehand too.
            _isReady = _state.TryFindMask(ref budget) && (Spare(TokensLeft) is < 0 or >= SteeredTokens || _state.TryFindClosingToken(ref budget));
        }
        catch (GrammarException e)
        {
            Fault = e.Message;
            _isReady = true;
        }

        return _isReady;
    }

    /// <summary>True while the grammar says which tokens may come; false where the output is free.</summary>
    public bool IsActive => _state is not null;

    /// <summary>
    /// Writes one bit for each token that may come next, while <see cref="IsActive"/>. Finds them first where <see cref="TryPrepareMask"/> has not.
    /// </summary>
    /// <param name="mask">Room for a bit each token.</param>
    /// <returns>How many may come; 0 where <see cref="Fault"/> says why.</returns>
    public int FillMask(Span<ulong> mask)
    {
        var budget = long.MaxValue / 2;
        TryPrepareMask(ref budget);
        return Fault is null ? _state!.FillMask(mask) : 0;
    }

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

        _isReady = false;
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
        if (_triggerName is not null && !_once && _state!.IsComplete)
        {
            _state = null;
        }
    }
}
