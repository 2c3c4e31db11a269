using System.Text;
using System.Text.Unicode;

namespace Crescent.Engine.Model.Text;

/// <summary>
/// The tokenizer that a GGUF file's metadata describes. Immutable and safe for use by many threads.
/// </summary>
public abstract class Tokenizer
{
    private int _longest;

    /// <summary>Tokens in the vocabulary; ids are 0 to this less one.</summary>
    public abstract int VocabularySize { get; }

    /// <summary>Token put before every prompt, or null.</summary>
    public abstract int? BeginOfSequence { get; }

    /// <summary>The file's end-of-sequence token, or null.</summary>
    public abstract int? EndOfSequence { get; }

    /// <summary>Whether <see cref="BeginOfSequence"/> is put before a prompt (<c>tokenizer.ggml.add_bos_token</c>).</summary>
    public abstract bool AddsBeginOfSequence { get; }

    /// <summary>True for tokens after which generation stops: end of sequence, end of turn, end of message.</summary>
    public abstract bool IsEndOfGeneration(int token);

    /// <summary>True for control tokens, which have no text of their own in an answer.</summary>
    public abstract bool IsSpecial(int token);

    /// <summary>The text of the token in the vocabulary, as the file writes it, such as <c>&lt;|im_end|&gt;</c>.</summary>
    public abstract string TokenName(int token);

    /// <summary>The bytes a token stands for; they need not be whole UTF-8 characters. Empty for special tokens.</summary>
    public abstract ReadOnlySpan<byte> TokenBytes(int token);

    /// <summary>
    /// The text of a token whose bytes are whole UTF-8 characters, always the same instance where it is kept; null for a token
    /// that stands for a part of a character.
    /// </summary>
    public virtual string? TokenText(int token)
    {
        var bytes = TokenBytes(token);
        return Utf8.IsValid(bytes) ? Encoding.UTF8.GetString(bytes) : null;
    }

    /// <summary>The strings that are tokens of their own when special text is parsed, longest first.</summary>
    public abstract IReadOnlyList<string> SpecialStrings { get; }

    /// <summary>
    /// The tokens of a text. Strings that the file defines as tokens without being control tokens (type user-defined) are always
    /// those tokens, as the model was trained with them.
    /// </summary>
    /// <param name="text">Any text.</param>
    /// <param name="parseSpecial">Whether special strings become their tokens (true) or stay plain text (false).</param>
    /// <param name="addSpecial">Whether <see cref="BeginOfSequence"/> goes before it, where the file says so.</param>
    public abstract int[] Encode(string text, bool parseSpecial, bool addSpecial = false);

    /// <summary>Bytes of the longest token's text: a text of so many bytes has one token at least.</summary>
    public int LongestToken
    {
        get
        {
            if (_longest == 0)
            {
                var longest = 1;
                for (var token = 0; token < VocabularySize; token++)
                {
                    longest = Math.Max(longest, Math.Max(TokenBytes(token).Length, Encoding.UTF8.GetByteCount(TokenName(token))));
                }

                _longest = longest;
            }

            return _longest;
        }
    }

    /// <summary>Throws where <paramref name="text"/> must have more than <paramref name="most"/> tokens, which its length alone tells.</summary>
    /// <exception cref="PromptTooLongException">It must.</exception>
    public void CheckLength(string text, int most) => CheckBytes(text.Length, most); // A character is one byte at least.

    /// <summary>Throws where a text of so many UTF-8 bytes must have more than <paramref name="most"/> tokens.</summary>
    /// <exception cref="PromptTooLongException">It must.</exception>
    public void CheckBytes(long bytes, int most)
    {
        if (bytes / LongestToken > most)
        {
            throw new PromptTooLongException((int)Math.Min(bytes / LongestToken, int.MaxValue));
        }
    }

    /// <summary>The text of <paramref name="tokens"/>; bytes that are no UTF-8 become U+FFFD.</summary>
    public abstract string Decode(ReadOnlySpan<int> tokens, bool withSpecial = false);
}
