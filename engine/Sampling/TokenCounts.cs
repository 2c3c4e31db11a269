namespace Crescent.Engine.Sampling;

/// <summary>The tokens of a prompt and its output, each once, with its times in the output: in arrays that a sampler walks or a device copies.</summary>
internal sealed class TokenCounts
{
    private readonly Dictionary<int, int> _places = [];
    private int[] _tokens = new int[64];
    private int[] _counts = new int[64];

    /// <summary>The tokens, in the order in which they were first seen.</summary>
    public ReadOnlySpan<int> Tokens => _tokens.AsSpan(0, _places.Count);

    /// <summary>Their times in the output: 0 for tokens of the prompt alone.</summary>
    public ReadOnlySpan<int> Counts => _counts.AsSpan(0, _places.Count);

    /// <summary>Takes note of a token of the prompt (0 times) or of the output (1).</summary>
    public void Add(int token, int times)
    {
        if (!_places.TryGetValue(token, out var place))
        {
            place = _places.Count;
            if (place == _tokens.Length)
            {
                Array.Resize(ref _tokens, place * 2);
                Array.Resize(ref _counts, place * 2);
            }

            _places.Add(token, place);
            (_tokens[place], _counts[place]) = (token, 0);
        }

        _counts[place] += times;
    }
}
