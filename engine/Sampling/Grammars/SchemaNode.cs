using System.Globalization;
using System.Text.Json;

namespace Crescent.Engine.Sampling.Grammars;

/// <summary>A value in a schema document, one object for each place however it is come to, so that places can be compared and counted.</summary>
internal sealed class SchemaNode
{
    private const int MaxShown = 80;
    private const int NodeBytes = 96;
    private readonly SchemaNode? _parent;
    private readonly SchemaDocument _document;
    private OrderedDictionary<string, SchemaNode>? _children;

    public SchemaNode(SchemaDocument document, SchemaNode? parent, string name, JsonElement element)
    {
        (_document, _parent, Name, Element) = (document, parent, name, element);
        Id = document.Count(NodeBytes);
    }

    /// <summary>Its number in the document.</summary>
    public int Id { get; }

    /// <summary>What holds it; null for the document.</summary>
    public SchemaNode? Parent => _parent;

    /// <summary>Its name or index in what holds it; <c>#</c> for the document.</summary>
    public string Name { get; }

    public JsonElement Element { get; }

    /// <summary>Whether it is a schema in the form of an object.</summary>
    public bool IsObject => Element.ValueKind == JsonValueKind.Object;

    /// <summary>Its members or items in order; of several members of one name the last.</summary>
    public IEnumerable<SchemaNode> Children => All().Values;

    /// <summary>A member by its name or an item by its index, or null.</summary>
    public SchemaNode? Find(string name) => All().GetValueOrDefault(name);

    /// <summary>A JSON pointer to it; names of more than 80 characters are cut.</summary>
    public override string ToString()
    {
        var name = Name.Length <= MaxShown ? Name : $"{Name.AsSpan(0, MaxShown)}…";
        return _parent is null ? name : $"{_parent}/{name}";
    }

    private OrderedDictionary<string, SchemaNode> All()
    {
        if (_children is not null)
        {
            return _children;
        }

        _children = new OrderedDictionary<string, SchemaNode>(StringComparer.Ordinal);
        if (Element.ValueKind == JsonValueKind.Object)
        {
            foreach (var member in Element.EnumerateObject())
            {
                _children[member.Name] = new SchemaNode(_document, this, member.Name, member.Value);
            }
        }
        else if (Element.ValueKind == JsonValueKind.Array)
        {
            foreach (var item in Element.EnumerateArray())
            {
                var name = _children.Count.ToString(CultureInfo.InvariantCulture);
                _children.Add(name, new SchemaNode(_document, this, name, item));
            }
        }

        return _children;
    }
}
