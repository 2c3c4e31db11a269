using System.Diagnostics.CodeAnalysis;

namespace Crescent.Engine.Model.Templates.Values;

/// <summary>A dictionary in the order of insertion; not changed once it is visible to a template.</summary>
internal sealed class Mapping
{
    private readonly OrderedDictionary<object, object?> _entries = new(KeyComparer.Instance);

    public int Count => _entries.Count;

    public IReadOnlyList<KeyValuePair<object, object?>> Entries => _entries;

    public bool TryGet(object? key, [MaybeNullWhen(false)] out object? value)
    {
        value = null;
        return key is not null && KeyComparer.Accepts(key) && _entries.TryGetValue(key, out value);
    }

    /// <summary>Sets an entry; an equal key keeps its place and its text.</summary>
    public void Set(object key, object? value) => _entries[key] = value;
}
