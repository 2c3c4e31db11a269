using System.Text;

namespace Crescent.Engine.Model.Thoughts;

/// <summary>
/// Parts an answer into what the model thinks and what it says while it is being written, in whatever pieces it comes. A thought stands at the beginning of an answer or
/// nowhere; the white space around it belongs to neither. Not for use by several threads.
/// </summary>
/// <param name="marks">What stands around a thought.</param>
/// <param name="isOpen">Whether the prompt has opened one.</param>
public sealed class ThoughtParser(ThoughtMarks marks, bool isOpen)
{
    // Text that may yet be a mark, or white space that may be the end of the thought.
    private readonly StringBuilder _held = new();
    private Stage _stage = isOpen ? Stage.Thought : Stage.Begin;
    private bool _hasBegun;

    private enum Stage
    {
        Begin,
        Thought,
        Behind,
        Said,
    }

    /// <summary>Whether it cannot be told yet if there is a thought.</summary>
    public bool IsUndecided => _stage == Stage.Begin;

    /// <summary>Whether the thought goes on.</summary>
    public bool IsThinking => _stage == Stage.Thought;

    /// <summary>Whether there is or was one.</summary>
    public bool HasThought { get; private set; } = isOpen;

    /// <summary>Whether all that follows is said, and need not be given here.</summary>
    public bool IsOver => _stage == Stage.Said;

    /// <summary>What stands around a thought.</summary>
    public ThoughtMarks Marks => marks;

    /// <summary>Takes the next characters of the answer.</summary>
    /// <param name="text">They.</param>
    /// <param name="isEnd">Whether nothing follows.</param>
    /// <param name="thought">What is certain by now to be thought.</param>
    /// <param name="said">What is certain to be said.</param>
    public void Append(string text, bool isEnd, out string thought, out string said)
    {
        (thought, said) = ("", "");
        if (_stage == Stage.Said)
        {
            said = text;
            return;
        }

        var all = _held.Append(text).ToString();
        _held.Clear();
        if (_stage == Stage.Begin && !Begin(ref all, isEnd, ref said))
        {
            return;
        }

        if (_stage == Stage.Thought && !Think(ref all, isEnd, ref thought))
        {
            return;
        }

        said = all.TrimStart();
        _stage = said.Length > 0 || isEnd ? Stage.Said : Stage.Behind;
    }

    // False where there is no thought, or not yet.
    private bool Begin(ref string all, bool isEnd, ref string said)
    {
        var begun = all.AsSpan().TrimStart();
        if (begun.StartsWith(marks.Opening, StringComparison.Ordinal))
        {
            all = begun[marks.Opening.Length..].ToString();
            (_stage, HasThought) = (Stage.Thought, true);
            return true;
        }

        if (!isEnd && marks.Opening.AsSpan().StartsWith(begun, StringComparison.Ordinal))
        {
            _held.Append(all);
        }
        else
        {
            said = all;
            _stage = Stage.Said;
        }

        return false;
    }

    // False where it goes on.
    private bool Think(ref string all, bool isEnd, ref string thought)
    {
        all = _hasBegun ? all : all.TrimStart();
        _hasBegun |= all.Length > 0;
        var end = all.IndexOf(marks.Closing, StringComparison.Ordinal);
        if (end < 0)
        {
            var certain = all.AsSpan(0, isEnd ? all.Length : all.Length - LongestBeginning(all)).TrimEnd().Length;
            thought = all[..certain];
            if (!isEnd)
            {
                _held.Append(all, certain, all.Length - certain);
            }

            return false;
        }

        thought = all[..end].TrimEnd();
        all = all[(end + marks.Closing.Length)..];
        _stage = Stage.Behind;
        return true;
    }

    /// <summary>Length of the longest end of <paramref name="text"/> with which the closing begins.</summary>
    private int LongestBeginning(string text)
    {
        for (var length = Math.Min(marks.Closing.Length - 1, text.Length); length > 0; length--)
        {
            if (text.AsSpan(text.Length - length).SequenceEqual(marks.Closing.AsSpan(0, length)))
            {
                return length;
            }
        }

        return 0;
    }
}
