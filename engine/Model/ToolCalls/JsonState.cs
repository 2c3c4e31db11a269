namespace Crescent.Engine.Model.ToolCalls;

/// <summary>Places in the grammar of JSON.</summary>
internal enum JsonState
{
    /// <summary>A value must follow.</summary>
    Value,

    /// <summary>A value or the end of the array.</summary>
    FirstElement,

    /// <summary>A key or the end of the object.</summary>
    FirstKey,
    Key,
    KeyText,
    KeyEscape,
    Colon,
    Text,
    TextEscape,
    Literal,
    Minus,
    Zero,
    Digits,
    Point,
    Fraction,
    ExponentSign,
    ExponentFirst,
    Exponent,

    /// <summary>Behind a value.</summary>
    After,
}
