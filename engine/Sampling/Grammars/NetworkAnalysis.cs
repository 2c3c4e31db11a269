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
    /// <exception cref="GrammarException">A rule calls itself before any byte, or no text is finite.</exception>
    public static int[] Needs(ByteNetwork network)
    {
        RefuseLeftRecursion(network);
        var needs = Least(network, edge: 0, static (called, after) => Math.Max(1 + called, after));
        return needs[network.Start] < Endless
            ? needs
            : throw new GrammarException("#", "no finite text satisfies it; give each recursion a way out, such as null or an empty array");
    }

    /// <summary>For every node, the fewest bytes to the end of its rule.</summary>
    public static int[] Distances(ByteNetwork network) => Least(network, edge: 1, static (called, after) => Math.Min(Endless, called + after));

    /// <summary>
    /// For every node, the least over all ways to the end of its rule of what they cost; <see cref="Endless"/> where there is none.
    /// </summary>
    /// <param name="network">The grammar.</param>
    /// <param name="edge">Cost of a byte.</param>
    /// <param name="call">Cost of a call, given that of the rule called and that of the way after it.</param>
    private static int[] Least(ByteNetwork network, int edge, Func<int, int, int> call)
    {
        var costs = new int[network.Count];
        Array.Fill(costs, Endless);
        var users = Users(network);
        var queue = new Queue<int>();
        for (var node = 0; node < network.Count; node++)
        {
            if (network[node].IsEnd)
            {
                costs[node] = 0;
                queue.Enqueue(node);
            }
        }

        while (queue.TryDequeue(out var changed))
        {
            foreach (var user in users[changed])
            {
                var cost = Cost(network, user, costs, edge, call);
                if (cost < costs[user])
                {
                    costs[user] = cost;
                    queue.Enqueue(user);
                }
            }
        }

        return costs;
    }

    private static int Cost(ByteNetwork network, int node, int[] costs, int byteCost, Func<int, int, int> callCost)
    {
        var best = network[node].IsEnd ? 0 : Endless;
        foreach (var edge in network[node].Edges)
        {
            best = Math.Min(best, byteCost + costs[edge.To]);
        }

        foreach (var to in network[node].Jumps)
        {
            best = Math.Min(best, costs[to]);
        }

        foreach (var call in network[node].Calls)
        {
            best = Math.Min(best, callCost(costs[network.Rules[call.Rule]], costs[call.Return]));
        }

        return best;
    }

    /// <summary>For every node, the nodes whose cost depends on its own.</summary>
    private static List<int>[] Users(ByteNetwork network)
    {
        var users = new List<int>[network.Count];
        for (var node = 0; node < users.Length; node++)
        {
            users[node] = [];
        }

        for (var node = 0; node < users.Length; node++)
        {
            foreach (var edge in network[node].Edges)
            {
                users[edge.To].Add(node);
            }

            foreach (var to in network[node].Jumps)
            {
                users[to].Add(node);
            }

            foreach (var call in network[node].Calls)
            {
                users[call.Return].Add(node);
                users[network.Rules[call.Rule]].Add(node);
            }
        }

        return users;
    }

    /// <summary>Without a byte between a rule and itself the automaton would never come to an end of looking.</summary>
    private static void RefuseLeftRecursion(ByteNetwork network)
    {
        var nullable = Nullable(network);
        var state = new int[network.Rules.Count];
        for (var rule = 0; rule < state.Length; rule++)
        {
            Visit(rule);
        }

        void Visit(int rule)
        {
            const int open = 1, done = 2;
            if (state[rule] == open)
            {
                throw new GrammarException("#", "a $ref leads back to itself without any content in between");
            }

            if (state[rule] == done)
            {
                return;
            }

            state[rule] = open;
            foreach (var called in FirstCalls(network, network.Rules[rule], nullable))
            {
                Visit(called);
            }

            state[rule] = done;
        }
    }

    /// <summary>The rules that may be called before any byte is read.</summary>
    private static HashSet<int> FirstCalls(ByteNetwork network, int start, bool[] nullable)
    {
        var calls = new HashSet<int>();
        var seen = new HashSet<int> { start };
        var open = new Stack<int>(seen);
        while (open.TryPop(out var node))
        {
            foreach (var call in network[node].Calls)
            {
                calls.Add(call.Rule);
                if (nullable[network.Rules[call.Rule]] && seen.Add(call.Return))
                {
                    open.Push(call.Return);
                }
            }

            foreach (var to in network[node].Jumps.Where(seen.Add))
            {
                open.Push(to);
            }
        }

        return calls;
    }

    /// <summary>Nodes from which the end of the rule is reached without a byte.</summary>
    private static bool[] Nullable(ByteNetwork network)
    {
        var nullable = new bool[network.Count];
        for (var changed = true; changed;)
        {
            changed = false;
            for (var node = network.Count - 1; node >= 0; node--)
            {
                var now = network[node].IsEnd
                    || network[node].Jumps.Exists(to => nullable[to])
                    || network[node].Calls.Exists(call => nullable[network.Rules[call.Rule]] && nullable[call.Return]);
                changed |= now && !nullable[node];
                nullable[node] |= now;
            }
        }

        return nullable;
    }
}
