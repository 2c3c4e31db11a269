using System.Text;

namespace Crescent.Engine.Model.Text;

/// <summary>
/// Byte-pair merging with a heap, in n log n for a word of n bytes: pairs merge by rank, equal ranks from the left, exactly as
/// elsewhere. It is for words so long that a quadratic merge would be a way to stall a server.
/// </summary>
internal sealed class LongWordMerge
{
    private const int None = -1;
    private readonly int[] _byteTokens = new int[256];
    private readonly Dictionary<(int Left, int Right), (int Rank, int Merged)> _merges;

    public LongWordMerge(string[] tokens, BytePairMerge[] merges)
    {
        var ids = Enumerable.Range(0, tokens.Length).Where(id => tokens[id].Length == 1).ToDictionary(id => tokens[id][0]);
        for (var b = 0; b < 256; b++)
        {
            _byteTokens[b] = ids.GetValueOrDefault(ByteAlphabet.ToChar((byte)b), None);
        }

        _merges = new Dictionary<(int, int), (int, int)>(merges.Length);
        for (var rank = 0; rank < merges.Length; rank++)
        {
            _merges.Add((merges[rank].Left, merges[rank].Right), (rank, merges[rank].Merged));
        }
    }

    /// <summary>Appends the tokens of a word; bytes that have no token are left out.</summary>
    public void Encode(ReadOnlySpan<char> word, List<int> tokens)
    {
        var count = Encoding.UTF8.GetByteCount(word);
        var bytes = new byte[count];
        Encoding.UTF8.GetBytes(word, bytes);
        var symbols = Array.ConvertAll(bytes, b => _byteTokens[b]);
        var next = new int[count];
        var previous = new int[count];
        var queue = new PriorityQueue<Candidate, (int Rank, int At)>(count);
        for (var at = 0; at < count; at++)
        {
            (previous[at], next[at]) = (at - 1, at + 1 < count ? at + 1 : None);
            Offer(queue, symbols, at, next[at]);
        }

        while (queue.TryDequeue(out var pair, out _))
        {
            // A symbol that has merged since no longer is what the candidate saw.
            if (symbols[pair.At] != pair.Left || next[pair.At] is not (not None and var right) || symbols[right] != pair.Right)
            {
                continue;
            }

            (symbols[pair.At], symbols[right]) = (pair.Merged, None);
            next[pair.At] = next[right];
            if (next[right] != None)
            {
                previous[next[right]] = pair.At;
            }

            Offer(queue, symbols, previous[pair.At], pair.At);
            Offer(queue, symbols, pair.At, next[pair.At]);
        }

        foreach (var symbol in symbols)
        {
            if (symbol != None)
            {
                tokens.Add(symbol);
            }
        }
    }

    private void Offer(PriorityQueue<Candidate, (int Rank, int At)> queue, int[] symbols, int left, int right)
    {
        if (left != None && right != None && _merges.TryGetValue((symbols[left], symbols[right]), out var merge))
        {
            queue.Enqueue(new Candidate(left, symbols[left], symbols[right], merge.Merged), (merge.Rank, left));
        }
    }

    /// <summary>Two neighbours that may merge: the place of the left one and what both were when it was offered.</summary>
    private readonly record struct Candidate(int At, int Left, int Right, int Merged);
}
