namespace Crescent.Engine.Sampling.Grammars;

/// <summary>
/// What the automaton must know of a network beforehand: how deep a stack each node needs at least to come to the end of its
/// rule, and how many bytes. Where every step keeps the former within the limit, no reading ever gets stuck.
/// </summary>
internal static class NetworkAnalysis
{
    /// <summary>The need of a node from which no text ends.</summary>
    public const int Endless = int.MaxValue / 4;

    /// <summary>
    /// For every node, the stack that at least one way to the end of its rule can do with, in frames above its own.
    /// </summary>
    /// <exception cref="GrammarException">No text is finite.</exception>
    public static int[] Needs(CompactNetwork network, CompileMeter meter)
    {
        var needs = Least(network, edge: 0, static (called, after) => Math.Max(1 + called, after), meter);
        return needs[CompactNetwork.Start] < Endless
            ? needs
            : throw new GrammarException("#", "no finite text satisfies it; give each recursion a way out, such as null or an empty array") { IsUnsatisfiable = true };
    }

    /// <summary>For every node, the fewest bytes to the end of its rule.</summary>
    public static int[] Distances(CompactNetwork network, CompileMeter meter) =>
        Least(network, edge: 1, static (called, after) => Math.Min(Endless, called + after), meter);

    /// <summary>
    /// For every node, the least over all ways to the end of its rule of what they cost; <see cref="Endless"/> where there is none. Nodes
    /// are settled from the cheapest on, as by Dijkstra: no way costs less than what it leads to, so each is settled once.
    /// </summary>
    /// <param name="network">The grammar.</param>
    /// <param name="edge">Cost of a byte.</param>
    /// <param name="call">Cost of a call, given that of the rule called and that of the way after it; no less than either.</param>
    /// <param name="meter">Watches the compilation.</param>
    private static int[] Least(CompactNetwork network, int edge, Func<int, int, int> call, CompileMeter meter)
    {
        var costs = new int[network.Count];
        Array.Fill(costs, Endless);
        var users = new NetworkUsers(network);
        var settled = new bool[network.Count];
        var queue = new PriorityQueue<int, int>();
        for (var node = 0; node < network.Count; node++)
        {
            if (network.IsEnd(node))
            {
                Offer(node, 0);
            }
        }

        while (queue.TryDequeue(out var node, out _))
        {
            if (settled[node])
            {
                continue;
            }

            settled[node] = true;
            foreach (var user in users.Of(node))
            {
                meter.Work();
                Offer(user.Node, user.Kind switch
                {
                    NetworkUsers.ByEdge => costs[node] + edge,
                    NetworkUsers.ByJump => costs[node],
                    _ => call(costs[user.Rule], costs[user.Return]),
                });
            }
        }

        return costs;

        void Offer(int node, int cost)
        {
            if (cost < costs[node])
            {
                costs[node] = cost;
                queue.Enqueue(node, cost);
            }
        }
    }
}
