namespace Crescent.Engine.Model.Gguf;

/// <summary>
/// Where a metadata value lies. It is checked when the file is opened and decoded when it is asked for, so that a file costs no
/// memory for what nobody reads.
/// </summary>
/// <param name="Type">Type of the value; <see cref="GgufValueType.Array"/> for an array.</param>
/// <param name="ElementType">Type of an array's elements; <paramref name="Type"/> itself for a single value.</param>
/// <param name="Count">Elements of an array; 1 for a single value.</param>
/// <param name="Offset">Byte offset of the value, or of an array's first element.</param>
internal readonly record struct GgufValue(GgufValueType Type, GgufValueType ElementType, long Count, long Offset)
{
    /// <summary>True for an array of any length.</summary>
    public bool IsArray => Type == GgufValueType.Array;

    /// <summary><c>UInt32</c>, <c>array of String</c>.</summary>
    public override string ToString() => IsArray ? $"array of {ElementType}" : Type.ToString();
}
