namespace Crescent.Engine.Model.Text;

/// <summary>Whether two models mean the same by a token.</summary>
public static class Vocabularies
{
    /// <summary>What tokens are called that only make a vocabulary longer: converters fill one up to the rows of the embedding.</summary>
    private const string Padding = "[PAD";

    /// <summary>How the tokens of two models differ; null where they are the same, but for padding at the end.</summary>
    /// <param name="one">The tokens of one, which the message calls <c>there</c>.</param>
    /// <param name="other">Those of the other, <c>here</c>.</param>
    public static string? Difference(Tokenizer one, Tokenizer other)
    {
        ArgumentNullException.ThrowIfNull(one);
        ArgumentNullException.ThrowIfNull(other);
        var common = Math.Min(one.VocabularySize, other.VocabularySize);
        for (var token = 0; token < common; token++)
        {
            if (one.TokenName(token) != other.TokenName(token))
            {
                return $"token {token} is '{one.TokenName(token)}' there and '{other.TokenName(token)}' here";
            }

            if (one.IsSpecial(token) != other.IsSpecial(token) || one.IsEndOfGeneration(token) != other.IsEndOfGeneration(token))
            {
                return $"token {token}, '{one.TokenName(token)}', is another kind of token there than here";
            }
        }

        var longer = one.VocabularySize > common ? one : other;
        for (var token = common; token < longer.VocabularySize; token++)
        {
            if (!longer.TokenName(token).StartsWith(Padding, StringComparison.Ordinal))
            {
                return $"it has {one.VocabularySize} tokens there and {other.VocabularySize} here";
            }
        }

        return null;
    }
}
