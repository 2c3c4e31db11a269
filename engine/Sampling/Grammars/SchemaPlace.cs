namespace Crescent.Engine.Sampling.Grammars;

/// <summary>A place in a schema, as a JSON pointer that is only written where it is needed: for a message.</summary>
internal sealed class SchemaPlace
{
    private const int MaxShown = 80;
    private readonly SchemaPlace? _parent;
    private readonly string _name;

    /// <summary>A place of its own, such as <c>#</c>.</summary>
    public SchemaPlace(string name)
        : this(null, name)
    {
    }

    private SchemaPlace(SchemaPlace? parent, string name)
    {
        _parent = parent;
        _name = name;
    }

    /// <summary>A place below this one.</summary>
    public SchemaPlace At(string name) => new(this, name);

    /// <summary>The pointer; names of more than 80 characters are cut.</summary>
    public override string ToString()
    {
        var name = _name.Length <= MaxShown ? _name : $"{_name.AsSpan(0, MaxShown)}…";
        return _parent is null ? name : $"{_parent}/{name}";
    }
}
