namespace Crescent.Engine.Sampling.Grammars;

/// <summary>For every node of a network, the nodes that lead to it, and how.</summary>
internal sealed class NetworkUsers
{
    /// <summary>Kinds of <see cref="User.Kind"/>.</summary>
    public const byte ByEdge = 0, ByJump = 1, ByCall = 2;

    private readonly int[] _first;
    private readonly User[] _users;

    public NetworkUsers(CompactNetwork network)
    {
        _first = new int[network.Count + 2];
        Each(network, (to, _) => _first[to + 2]++);
        for (var node = 2; node < _first.Length; node++)
        {
            _first[node] += _first[node - 1];
        }

        _users = new User[_first[^1]];

        // Filling moves each node's place from where its own begin to where the next one's do.
        Each(network, (to, user) => _users[_first[to + 1]++] = user);
    }

    /// <summary>Those that lead to <paramref name="node"/>.</summary>
    public ReadOnlySpan<User> Of(int node) => _users.AsSpan(_first[node].._first[node + 1]);

    private static void Each(CompactNetwork network, Action<int, User> visit)
    {
        for (var node = 0; node < network.Count; node++)
        {
            foreach (var edge in network.Edges(node))
            {
                visit(edge.To, new User(node, ByEdge, 0, 0));
            }

            foreach (var to in network.Jumps(node))
            {
                visit(to, new User(node, ByJump, 0, 0));
            }

            foreach (var call in network.Calls(node))
            {
                var user = new User(node, ByCall, call.Rule, call.Return);
                visit(call.Return, user);
                visit(call.Rule, user);
            }
        }
    }

    /// <param name="Node">It.</param>
    /// <param name="Kind">By an edge, a jump or a call.</param>
    /// <param name="Rule">Of a call: the first node of what it runs.</param>
    /// <param name="Return">Of a call: where it goes on.</param>
    internal readonly record struct User(int Node, byte Kind, int Rule, int Return);
}
