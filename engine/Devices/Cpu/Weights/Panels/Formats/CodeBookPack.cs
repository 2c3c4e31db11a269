using Crescent.Engine.Model.Gguf;

namespace Crescent.Engine.Devices.Cpu.Weights.Panels.Formats;

/// <summary>Numbers and scales of the code-book types, as <see cref="CodeBookBlocks"/> reads them, on their way into panels.</summary>
internal static unsafe class CodeBookPack
{
    /// <summary>Reads a super-block in the file: its numbers as places in <paramref name="levels"/>.</summary>
    /// <param name="read">Of the type.</param>
    /// <param name="source">The super-block.</param>
    /// <param name="bytes">Its length.</param>
    /// <param name="levels">The type's numbers + <paramref name="bias"/>; empty where each is its own place.</param>
    /// <param name="bias">Makes the least number 0.</param>
    /// <param name="codes">(256).</param>
    /// <param name="scales">(16).</param>
    /// <returns>The scale of the super-block.</returns>
    public static float Read(CodeBookBlocks.Reader read, byte* source, int bytes, ReadOnlySpan<byte> levels, int bias, Span<byte> codes, Span<byte> scales)
    {
        Span<sbyte> numbers = stackalloc sbyte[SuperBlock.Columns];
        var scale = read(new ReadOnlySpan<byte>(source, bytes), numbers, scales);
        for (var c = 0; c < numbers.Length; c++)
        {
            var shifted = (byte)(numbers[c] + bias);
            codes[c] = levels.IsEmpty ? shifted : (byte)levels.IndexOf(shifted);
        }

        return scale;
    }
}
