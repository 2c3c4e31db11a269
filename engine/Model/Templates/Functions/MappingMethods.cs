using System.Collections.Frozen;
using Crescent.Engine.Model.Templates.Runtime;
using Crescent.Engine.Model.Templates.Values;

namespace Crescent.Engine.Model.Templates.Functions;

/// <summary>The methods of Python's <c>dict</c> that change nothing; the others are not there, as in Jinja's sandbox.</summary>
internal static class MappingMethods
{
    public static readonly FrozenDictionary<string, TemplateFunction> Table = new Dictionary<string, TemplateFunction>
    {
        ["get"] = Get,
        ["keys"] = (_, self, _) => new Sequence([.. Entries(self).Select(entry => entry.Key)], SequenceKind.Keys),
        ["values"] = (_, self, _) => new Sequence([.. Entries(self).Select(entry => entry.Value)], SequenceKind.Values),
        ["items"] = (_, self, _) => Items((Mapping)self!),
        ["copy"] = (_, self, _) => self,
    }.ToFrozenDictionary(StringComparer.Ordinal);

    /// <summary>The entries as tuples of key and value.</summary>
    public static Sequence Items(Mapping mapping) =>
        new([.. mapping.Entries.Select(entry => Sequence.Tuple(entry.Key, entry.Value))], SequenceKind.Items);

    private static object? Get(RenderContext context, object? self, Arguments arguments)
    {
        var bound = arguments.Bind(context, "get", 1, "key", "default");
        return ((Mapping)self!).TryGet(bound.Value(0), out var value) ? value : bound.Value(1);
    }

    private static IReadOnlyList<KeyValuePair<object, object?>> Entries(object? self) => ((Mapping)self!).Entries;
}
