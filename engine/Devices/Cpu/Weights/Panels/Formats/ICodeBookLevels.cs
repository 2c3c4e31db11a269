using Crescent.Engine.Model.Gguf;

namespace Crescent.Engine.Devices.Cpu.Weights.Panels.Formats;

/// <summary>What a code-book type whose numbers are looked up has of its own.</summary>
internal interface ICodeBookLevels
{
    /// <summary>Bytes of a super-block in the file.</summary>
    static abstract int SourceBytes { get; }

    /// <summary>Reads a super-block.</summary>
    static abstract CodeBookBlocks.Reader Reader { get; }

    /// <summary>Sixteen bytes: the number of each code + <see cref="Bias"/>, zeros behind them.</summary>
    static abstract ReadOnlySpan<byte> Levels { get; }

    /// <summary>How many codes there are.</summary>
    static abstract int Count { get; }

    /// <summary>Makes the least number 0.</summary>
    static abstract int Bias { get; }

    /// <summary>Whether each half of a block has a scale of its own.</summary>
    static abstract bool Halves { get; }
}

/// <summary>The types of two bits.</summary>
internal readonly struct IQ2_XXS : ICodeBookLevels
{
    public static int SourceBytes => 66;

    public static CodeBookBlocks.Reader Reader => CodeBookBlocks.ReadIQ2_XXS;

    public static ReadOnlySpan<byte> Levels => [0, 18, 35, 51, 68, 86, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];

    public static int Count => 6;

    public static int Bias => 43;

    public static bool Halves => false;
}

/// <inheritdoc cref="IQ2_XXS"/>
internal readonly struct IQ2_XS : ICodeBookLevels
{
    public static int SourceBytes => 74;

    public static CodeBookBlocks.Reader Reader => CodeBookBlocks.ReadIQ2_XS;

    public static ReadOnlySpan<byte> Levels => IQ2_XXS.Levels;

    public static int Count => IQ2_XXS.Count;

    public static int Bias => IQ2_XXS.Bias;

    public static bool Halves => true;
}

/// <inheritdoc cref="IQ2_XXS"/>
internal readonly struct IQ2_S : ICodeBookLevels
{
    public static int SourceBytes => 82;

    public static CodeBookBlocks.Reader Reader => CodeBookBlocks.ReadIQ2_S;

    public static ReadOnlySpan<byte> Levels => IQ2_XXS.Levels;

    public static int Count => IQ2_XXS.Count;

    public static int Bias => IQ2_XXS.Bias;

    public static bool Halves => true;
}

/// <summary>The one of one bit whose eighths change within a block.</summary>
internal readonly struct IQ1_M : ICodeBookLevels
{
    public static int SourceBytes => 56;

    public static CodeBookBlocks.Reader Reader => CodeBookBlocks.ReadIQ1_M;

    public static ReadOnlySpan<byte> Levels => [0, 2, 8, 10, 16, 18, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];

    public static int Count => 6;

    public static int Bias => 9;

    public static bool Halves => true;
}

/// <summary>The one of three bits whose magnitudes are not evenly spaced.</summary>
internal readonly struct IQ3_XXS : ICodeBookLevels
{
    public static int SourceBytes => 98;

    public static CodeBookBlocks.Reader Reader => CodeBookBlocks.ReadIQ3_XXS;

    public static ReadOnlySpan<byte> Levels => [0, 10, 18, 26, 34, 42, 50, 58, 66, 74, 82, 90, 98, 106, 114, 124];

    public static int Count => 16;

    public static int Bias => 62;

    public static bool Halves => false;
}
