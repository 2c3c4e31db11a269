using Crescent.Engine.Model.Templates.Runtime;

namespace Crescent.Engine.Model.Templates.Syntax;

/// <summary>A place in a template's source; characters beyond the end read as zero.</summary>
internal sealed class SourceReader(string source)
{
    public int Position { get; private set; }

    /// <summary>Line of <see cref="Position"/>, from 1.</summary>
    public int Line { get; private set; } = 1;

    public int Length => source.Length;

    public bool AtEnd => Position >= source.Length;

    public char Current => this[Position];

    public char this[int index] => index >= 0 && index < source.Length ? source[index] : default;

    /// <summary>The character <paramref name="distance"/> before <see cref="Position"/>.</summary>
    public char Previous(int distance) => this[Position - distance];

    public bool Has(string text, int at) => string.CompareOrdinal(source, at, text, 0, text.Length) == 0;

    public int Find(string text, int from) => source.IndexOf(text, from, StringComparison.Ordinal);

    /// <summary>The source from here to <paramref name="end"/>.</summary>
    public string Slice(int end) => source[Position..end];

    /// <summary>The source from here to <paramref name="end"/>, which becomes the position.</summary>
    public string Take(int end)
    {
        var text = Slice(end);
        MoveTo(end);
        return text;
    }

    public void Skip(int count) => MoveTo(Position + count);

    public void MoveTo(int position)
    {
        Line += source.AsSpan(Position, position - Position).Count('\n');
        Position = position;
    }

    public void SkipSpace()
    {
        while (!AtEnd && char.IsWhiteSpace(Current))
        {
            Skip(1);
        }
    }

    /// <summary>Moves behind <c>name %}</c> if that stands here, white space and a sign before the end allowed.</summary>
    public bool TryTag(string name) => TryTag(name, Position);

    /// <summary>Moves behind <c>name %}</c> if that stands at <paramref name="at"/>.</summary>
    public bool TryTag(string name, int at)
    {
        at = AfterSpace(at);
        if (!Has(name, at))
        {
            return false;
        }

        at = AfterSpace(at + name.Length);
        at += this[at] is '-' or '+' ? 1 : 0;
        if (!Has("%}", at))
        {
            return false;
        }

        MoveTo(at + 2);
        return true;
    }

    public TemplateException Fail(string construct, string fault) => new(construct, Line, fault);

    private int AfterSpace(int at)
    {
        while (char.IsWhiteSpace(this[at]))
        {
            at++;
        }

        return at;
    }
}
