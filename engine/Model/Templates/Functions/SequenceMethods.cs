using System.Collections.Frozen;
using Crescent.Engine.Model.Templates.Runtime;
using Crescent.Engine.Model.Templates.Values;

namespace Crescent.Engine.Model.Templates.Functions;

/// <summary>The methods of Python's <c>list</c> and <c>tuple</c> that change nothing; as in Jinja's sandbox.</summary>
internal static class SequenceMethods
{
    public static readonly FrozenDictionary<string, TemplateFunction> Table = new Dictionary<string, TemplateFunction>
    {
        ["count"] = Count,
        ["index"] = Index,
        ["copy"] = (_, self, _) => self,
    }.ToFrozenDictionary(StringComparer.Ordinal);

    private static object? Count(RenderContext context, object? self, Arguments arguments)
    {
        var value = arguments.Bind(context, "count", 1, "value").Value(0);
        return ((Sequence)self!).Items.LongCount(item => Comparison.AreEqual(context, item, value));
    }

    private static object? Index(RenderContext context, object? self, Arguments arguments)
    {
        var value = arguments.Bind(context, "index", 1, "value").Value(0);
        var index = Array.FindIndex(((Sequence)self!).Items, item => Comparison.AreEqual(context, item, value));
        return index >= 0 ? (long)index : throw context.Fail("index()", "the list does not contain that");
    }
}
