using System.Text;
using Crescent.Engine.Model.Text;

namespace Crescent.Tests.Engine.Model.Templates;

/// <summary>Control strings as the first tokens, and a token for each byte behind them.</summary>
internal sealed class MarkedTokenizer(string[] controls) : Tokenizer
{
    public override int VocabularySize => controls.Length + 256;

    public override int? BeginOfSequence => null;

    public override int? EndOfSequence => null;

    public override bool AddsBeginOfSequence => false;

    public override IReadOnlyList<string> SpecialStrings { get; } = [.. controls.OrderByDescending(control => control.Length)];

    public override bool IsEndOfGeneration(int token) => false;

    public override bool IsSpecial(int token) => token < controls.Length;

    public override string TokenName(int token) => IsSpecial(token) ? controls[token] : $"<{token - controls.Length}>";

    public override ReadOnlySpan<byte> TokenBytes(int token) => IsSpecial(token) ? [] : new[] { (byte)(token - controls.Length) };

    public override int[] Encode(string text, bool parseSpecial, bool addSpecial = false)
    {
        var tokens = new List<int>();
        for (var at = 0; at < text.Length;)
        {
            var special = parseSpecial ? SpecialStrings.FirstOrDefault(control => string.CompareOrdinal(text, at, control, 0, control.Length) == 0) : null;
            if (special is not null)
            {
                tokens.Add(Array.IndexOf(controls, special));
                at += special.Length;
                continue;
            }

            var length = char.IsSurrogatePair(text, at) ? 2 : 1;
            tokens.AddRange(Encoding.UTF8.GetBytes(text.Substring(at, length)).Select(octet => controls.Length + octet));
            at += length;
        }

        return [.. tokens];
    }

    public override string Decode(ReadOnlySpan<int> tokens, bool withSpecial = false) => throw new NotSupportedException();
}
