namespace Crescent.Engine.Sampling.Grammars;

/// <summary>Finds the nodes from which a text comes to the end of its rule.</summary>
internal static class NetworkEnds
{
    /// <summary>For each node of <paramref name="network"/>, whether there is a way to the end of its rule.</summary>
    /// <param name="network">The network.</param>
    /// <param name="overBytes">Whether the way may read bytes; otherwise it is the one of the empty text.</param>
    public static bool[] Of(ByteNetwork network, bool overBytes = true)
    {
        // By what each node waits for: those with an edge or a jump to it, and the calls that run it or go on from it.
        var waiting = new List<(int Node, int Call, int Next)>();
        var newest = new int[network.Count];
        Array.Fill(newest, -1);
        var open = new Stack<int>();
        var ends = new bool[network.Count];
        for (var node = 0; node < network.Count; node++)
        {
            network.Meter.Work();
            if (network[node].IsEnd)
            {
                Mark(node);
            }

            for (var at = overBytes ? network[node].Edge : -1; at >= 0; at = network.EdgeAt(at).Next)
            {
                Await(network.EdgeAt(at).To, node, call: -1);
            }

            for (var at = network[node].Jump; at >= 0; at = network.JumpAt(at).Next)
            {
                Await(network.JumpAt(at).To, node, call: -1);
            }

            for (var at = network[node].Call; at >= 0; at = network.CallAt(at).Next)
            {
                Await(network.Rules[network.CallAt(at).Rule], node, at);
                Await(network.CallAt(at).Return, node, at);
            }
        }

        while (open.TryPop(out var node))
        {
            for (var at = newest[node]; at >= 0; at = waiting[at].Next)
            {
                network.Meter.Work();
                var (user, call, _) = waiting[at];
                if (call < 0 || (ends[network.Rules[network.CallAt(call).Rule]] && ends[network.CallAt(call).Return]))
                {
                    Mark(user);
                }
            }
        }

        return ends;

        void Await(int node, int user, int call)
        {
            waiting.Add((user, call, newest[node]));
            newest[node] = waiting.Count - 1;
        }

        void Mark(int node)
        {
            if (!ends[node])
            {
                ends[node] = true;
                open.Push(node);
            }
        }
    }
}
