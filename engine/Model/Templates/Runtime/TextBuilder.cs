using Crescent.Engine.Model.Templates.Values;

namespace Crescent.Engine.Model.Templates.Runtime;

/// <summary>Builds a <see cref="TemplateText"/>; what is written counts against the limits of the rendering.</summary>
/// <param name="context">The rendering.</param>
/// <param name="most">Code points that it may have; one more ends the rendering.</param>
internal sealed class TextBuilder(RenderContext context, long most = long.MaxValue)
{
    /// <summary>Code points from which on an array grows by an eighth and no longer to twice its length: what is that long is mostly one message.</summary>
    private const int Large = 1 << 18;

    private int[] _codes = [];
    private int _length;

    public int Length => _length;

    public TextBuilder Append(TemplateText text) => Append(text.Codes);

    /// <summary>Code points with their origin bits.</summary>
    public TextBuilder Append(ReadOnlySpan<int> codes)
    {
        codes.CopyTo(Grow(codes.Length));
        return this;
    }

    /// <summary>One code point with its origin bits.</summary>
    public TextBuilder Append(int code)
    {
        Grow(1)[0] = code;
        return this;
    }

    /// <summary>Text made while rendering.</summary>
    public TextBuilder Append(string text, int origin = TextOrigin.Rendering)
    {
        var count = 0;
        var target = Grow(text.Length);
        foreach (var rune in text.EnumerateRunes())
        {
            target[count++] = rune.Value | origin;
        }

        _length -= text.Length - count;
        return this;
    }

    /// <summary><paramref name="text"/> many times; nothing for a count below one.</summary>
    public TextBuilder Repeat(TemplateText text, long count)
    {
        context.CheckLength(text.Length, count);
        for (long i = 0; i < count && text.Length > 0; i++)
        {
            Append(text);
        }

        return this;
    }

    /// <summary>What is written up to now; it shares this memory, of which what is written later is another part.</summary>
    public TemplateText ToText() => TemplateText.Own(_codes, _length);

    private Span<int> Grow(int count)
    {
        context.Charge(count);
        context.CheckLength(_length + count, 1);
        if (_length + count > most)
        {
            throw new OutputTooLongException(_length + count);
        }

        if (_length + count > _codes.Length)
        {
            var needed = _length + count;
            Array.Resize(ref _codes, needed > Large ? needed + (needed / 8) : Math.Max(needed, Math.Max(16, _codes.Length * 2)));
        }

        var target = _codes.AsSpan(_length, count);
        _length += count;
        return target;
    }
}
