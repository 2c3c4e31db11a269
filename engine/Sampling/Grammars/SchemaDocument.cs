using System.Text.Json;

namespace Crescent.Engine.Sampling.Grammars;

/// <summary>
/// A schema with all that its references may go to: <c>#</c>, <c>#</c> and a JSON pointer (RFC 6901), <c>#</c> and the name of an
/// <c>$anchor</c>, and each of these behind the document's own <c>$id</c>.
/// </summary>
internal sealed class SchemaDocument
{
    private readonly CompileMeter _meter;
    private Dictionary<string, SchemaNode>? _anchors;
    private int _count;

    /// <param name="schema">The schema; it must live as long as this.</param>
    /// <param name="meter">Watches the compilation.</param>
    public SchemaDocument(JsonElement schema, CompileMeter meter)
    {
        _meter = meter;
        Root = new SchemaNode(this, null, "#", schema);
    }

    /// <summary>The whole schema.</summary>
    public SchemaNode Root { get; }

    /// <summary>A schema of no place in the document, which holds beside the whole of it; no reference leads there.</summary>
    public SchemaNode Beside(JsonElement schema) => new(this, null, "#", schema);

    /// <summary>What a reference points to, or null.</summary>
    public SchemaNode? Find(string reference)
    {
        var hash = reference.IndexOf('#', StringComparison.Ordinal);
        var before = hash < 0 ? reference : reference[..hash];
        var fragment = hash < 0 ? "" : reference[(hash + 1)..];
        if (before.Length > 0 && before != Base)
        {
            return null;
        }

        if (fragment.Length == 0)
        {
            return hash < 0 && before.Length == 0 ? null : Root;
        }

        if (fragment[0] != '/')
        {
            return (_anchors ??= Anchors()).GetValueOrDefault(fragment);
        }

        var found = Root;
        foreach (var part in fragment.Split('/').Skip(1))
        {
            var name = Uri.UnescapeDataString(part).Replace("~1", "/", StringComparison.Ordinal).Replace("~0", "~", StringComparison.Ordinal);
            if (found.Find(name) is not { } next)
            {
                return null;
            }

            found = next;
        }

        return found;
    }

    /// <summary>Counts a place of the document that takes so many bytes; gives its number.</summary>
    internal int Count(int bytes)
    {
        _meter.AddBytes(bytes);
        return _count++;
    }

    private string? Base => Root.IsObject && Root.Find("$id")?.Element is { ValueKind: JsonValueKind.String } id ? id.GetString()!.TrimEnd('#') : null;

    private Dictionary<string, SchemaNode> Anchors()
    {
        var anchors = new Dictionary<string, SchemaNode>(StringComparer.Ordinal);
        var open = new Stack<SchemaNode>([Root]);
        while (open.TryPop(out var node))
        {
            if (node.IsObject && node.Find("$anchor")?.Element is { ValueKind: JsonValueKind.String } anchor)
            {
                anchors.TryAdd(anchor.GetString()!, node);
            }

            foreach (var child in node.Children)
            {
                open.Push(child);
            }
        }

        return anchors;
    }
}
