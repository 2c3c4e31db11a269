using System.Text;
using Crescent.Engine.Model.Text;

namespace Crescent.Engine.Scheduling;

/// <summary>
/// The text of one sequence's output. Holds back what may still turn out to be part of a character or of a stop string, so that
/// what it has put out is never taken back.
/// </summary>
internal sealed class TextStream(Tokenizer tokenizer, IReadOnlyList<string> stopStrings)
{
    private readonly StreamingDetokenizer _detokenizer = new(tokenizer);

    // Text that may be the beginning of a stop string; null while there are no stop strings.
    private readonly StringBuilder? _held = stopStrings.Count > 0 ? new StringBuilder() : null;

    /// <summary>True once a stop string was met; the text ends before it.</summary>
    public bool Stopped { get; private set; }

    /// <summary>The text that is certain after <paramref name="token"/>.</summary>
    public string Append(int token) => Pass(_detokenizer.Append(token), last: false);

    /// <summary>The text that was held back, once the sequence has ended.</summary>
    public string Flush() => Pass(_detokenizer.Flush(), last: true);

    private string Pass(string text, bool last)
    {
        if (_held is null || Stopped)
        {
            return Stopped ? "" : text;
        }

        _held.Append(text);
        var all = _held.ToString();
        var end = -1;
        foreach (var stop in stopStrings)
        {
            var at = all.IndexOf(stop, StringComparison.Ordinal);
            end = at >= 0 && (end < 0 || at < end) ? at : end;
        }

        Stopped = end >= 0;
        var certain = Stopped ? end : last ? all.Length : all.Length - LongestBeginning(all);
        _held.Clear().Append(all, certain, Stopped ? 0 : all.Length - certain);
        return all[..certain];
    }

    /// <summary>Length of the longest end of <paramref name="text"/> with which a stop string begins.</summary>
    private int LongestBeginning(string text)
    {
        var longest = 0;
        foreach (var stop in stopStrings)
        {
            for (var length = Math.Min(stop.Length - 1, text.Length); length > longest; length--)
            {
                if (text.AsSpan(text.Length - length).SequenceEqual(stop.AsSpan(0, length)))
                {
                    longest = length;
                }
            }
        }

        return longest;
    }
}
