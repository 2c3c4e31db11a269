namespace Crescent.Engine.Model.Templates.Values;

/// <summary>Who wrote a character. It is kept beside each code point, in bits that no code point uses.</summary>
internal static class TextOrigin
{
    /// <summary>The template's author, or the model file: may be part of a special token.</summary>
    public const int Template = 0;

    /// <summary>
    /// Made while rendering: digits of a number, punctuation of JSON, padding. May stand inside a special string that the template
    /// writes (<c>'&lt;|image_' ~ loop.index ~ '|&gt;'</c>) but is none by itself.
    /// </summary>
    public const int Rendering = 1 << 29;

    /// <summary>Whoever sent the request: never part of a special token.</summary>
    public const int Message = 1 << 30;

    /// <summary>The bits of the code point.</summary>
    public const int CodePoint = 0x1F_FFFF;

    /// <summary>Where the byte of an origin begins, for those that are kept without their code points.</summary>
    public const int Shift = 24;
}
