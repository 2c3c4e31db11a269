using Mono.Cecil;

namespace Crescent.Tests.Structure;

/// <summary>
/// Who uses whom between the namespaces of one assembly, read from its IL: bases, members, attributes, local variables and every instruction of every
/// method, those of lambdas and state machines included. What generators add under other names is left out; constants leave no trace in IL.
/// </summary>
internal sealed class NamespaceArrows
{
    private readonly Dictionary<(string From, string To), SortedSet<string>> _uses = [];
    private readonly SortedSet<string> _namespaces = new(StringComparer.Ordinal);
    private readonly string _root;

    /// <param name="assembly">Path of the assembly.</param>
    /// <param name="root">The namespace of its folder; namespaces are told without it, and it itself as <c>.</c>.</param>
    public NamespaceArrows(string assembly, string root)
    {
        _root = root;
        using var module = ModuleDefinition.ReadModule(assembly);
        foreach (var type in module.Types.Where(type => IsOwn(type.Namespace)))
        {
            _namespaces.Add(Short(type.Namespace));
            var uses = new TypeUses(used => Add(type, used));
            uses.Read(type);
        }
    }

    /// <summary>The namespaces that have types.</summary>
    public IReadOnlyCollection<string> Namespaces => _namespaces;

    /// <summary>All arrows, in order.</summary>
    public IEnumerable<(string From, string To)> All => _uses.Keys.Order();

    /// <summary>The uses that make an arrow, such as <c>KvCache uses IDevice</c>; empty where there is no arrow.</summary>
    public IReadOnlyCollection<string> Uses(string from, string to) => _uses.TryGetValue((from, to), out var uses) ? uses : [];

    /// <summary>The shortest way along arrows, both ends included; null when there is none.</summary>
    public IReadOnlyList<string>? Way(string from, string to)
    {
        var before = new Dictionary<string, string?> { [from] = null };
        var open = new Queue<string>([from]);
        while (open.TryDequeue(out var at))
        {
            if (at == to)
            {
                var way = new List<string>();
                for (string? step = at; step is not null; step = before[step])
                {
                    way.Insert(0, step);
                }

                return way;
            }

            foreach (var (_, next) in _uses.Keys.Where(arrow => arrow.From == at && !before.ContainsKey(arrow.To)))
            {
                before[next] = at;
                open.Enqueue(next);
            }
        }

        return null;
    }

    private void Add(TypeDefinition user, TypeReference used)
    {
        if (used.Scope != user.Scope || used.Namespace == user.Namespace || !IsOwn(used.Namespace))
        {
            return;
        }

        var arrow = (Short(user.Namespace), Short(used.Namespace));
        if (!_uses.TryGetValue(arrow, out var uses))
        {
            _uses[arrow] = uses = new SortedSet<string>(StringComparer.Ordinal);
        }

        uses.Add($"{user.Name} uses {used.Name}");
    }

    private bool IsOwn(string name) => name == _root || name.StartsWith(_root + ".", StringComparison.Ordinal);

    private string Short(string name) => name.Length == _root.Length ? "." : name[(_root.Length + 1)..];
}
