namespace Crescent.Engine.Model.Templates.Values;

/// <summary>Equality of mapping keys: texts by code points; numbers by value, so that 1, 1.0 and true are one key.</summary>
internal sealed class KeyComparer : IEqualityComparer<object>
{
    public static readonly KeyComparer Instance = new();

    private KeyComparer()
    {
    }

    /// <summary>Whether a value can be a key.</summary>
    public static bool Accepts(object? value) => value is TemplateText or bool or long or double;

    public new bool Equals(object? x, object? y) => (x, y) switch
    {
        (TemplateText a, TemplateText b) => a.Equals(b),
        (TemplateText, _) or (_, TemplateText) => false,
        (long a, long b) => a == b,
        _ => Number(x) == Number(y),
    };

    public int GetHashCode(object obj) => obj is TemplateText ? obj.GetHashCode() : Number(obj).GetHashCode();

    private static double Number(object? value) => value switch
    {
        bool boolean => boolean ? 1 : 0,
        long integer => integer,
        double real => real,
        _ => double.NaN,
    };
}
