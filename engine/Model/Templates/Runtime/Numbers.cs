using System.Numerics;

namespace Crescent.Engine.Model.Templates.Runtime;

/// <summary>What of the values is a number, and how wide; a boolean is 0 or 1, as Python has it.</summary>
internal static class Numbers
{
    public static bool IsNumber(object? value) => value is long or double or bool or BigInteger;

    public static double ToDouble(object value) => value switch
    {
        double real => real,
        BigInteger integer => (double)integer,
        bool boolean => boolean ? 1 : 0,
        _ => (long)value,
    };

    public static BigInteger ToInteger(object value) => value switch
    {
        BigInteger integer => integer,
        bool boolean => boolean ? 1 : 0,
        _ => (long)value,
    };
}
