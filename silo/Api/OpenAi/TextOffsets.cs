using Crescent.Engine.Model.Text;

namespace Crescent.Silo.Api.OpenAi;

/// <summary>Where each token of a choice begins in its text, in characters (code points). A token that goes on a character begins where that does.</summary>
/// <param name="tokenizer">Of the model.</param>
/// <param name="start">Characters before the first token.</param>
internal sealed class TextOffsets(Tokenizer tokenizer, int start = 0)
{
    private readonly StreamingDetokenizer _text = new(tokenizer);
    private int _offset = start;

    /// <summary>The offset of the next token.</summary>
    public int Next(int token)
    {
        var offset = _offset;
        if (!tokenizer.IsEndOfGeneration(token))
        {
            foreach (var _ in _text.Append(token).EnumerateRunes())
            {
                _offset++;
            }
        }

        return offset;
    }
}
