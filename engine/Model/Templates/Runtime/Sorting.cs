using Crescent.Engine.Model.Templates.Values;

namespace Crescent.Engine.Model.Templates.Runtime;

/// <summary>Python's stable sort.</summary>
internal static class Sorting
{
    /// <summary><paramref name="items"/> in the order of their keys; equal ones stay as they are, in reverse too.</summary>
    /// <exception cref="TemplateException">Two keys have no order.</exception>
    public static List<T> Sort<T>(RenderContext context, IEnumerable<T> items, Func<T, object?> key, bool reverse = false)
    {
        var comparer = Comparer<object?>.Create((left, right) =>
        {
            var order = Comparison.Order(context, left, right) ?? 0;
            return reverse ? -order : order;
        });
        try
        {
            return [.. items.Select(item => (item, key: key(item))).OrderBy(pair => pair.key, comparer).Select(pair => pair.item)];
        }
        catch (InvalidOperationException fault) when (fault.InnerException is TemplateException inner)
        {
            throw inner;
        }
    }

    /// <summary>A key that tells no capitals apart, unless wanted.</summary>
    public static object? Folded(RenderContext context, object? value, bool caseSensitive) =>
        value is TemplateText text && !caseSensitive ? TextCase.Lower(context, text) : value;
}
