using Crescent.Engine.Model.Gguf;

namespace Crescent.Engine.Model.Text;

/// <summary>One line of <c>tokenizer.ggml.merges</c>: two tokens that become a third. Its place in the list is its rank.</summary>
internal readonly record struct BytePairMerge(int Left, int Right, int Merged)
{
    /// <summary>The merges of a file, in their order.</summary>
    /// <exception cref="InvalidModelException">They are missing, or one does not name two tokens whose union is a token.</exception>
    public static BytePairMerge[] ReadAll(TokenizerMetadata metadata)
    {
        var lines = metadata.Merges ?? throw metadata.Fault("merges", "the key is missing; a gpt2 vocabulary needs its merges");
        var ids = new Dictionary<string, int>(metadata.Tokens.Length, StringComparer.Ordinal);
        for (var id = 0; id < metadata.Tokens.Length; id++)
        {
            ids.TryAdd(metadata.Tokens[id], id);
        }

        var spans = ids.GetAlternateLookup<ReadOnlySpan<char>>();
        var merges = new BytePairMerge[lines.Length];
        var seen = new HashSet<(int Left, int Right)>(lines.Length);
        for (var rank = 0; rank < lines.Length; rank++)
        {
            var line = lines[rank];
            var gap = line.IndexOf(' ', Math.Min(1, line.Length));
            if (gap < 0 || line.LastIndexOf(' ') != gap
                || !spans.TryGetValue(line.AsSpan(0, gap), out var left)
                || !spans.TryGetValue(line.AsSpan(gap + 1), out var right)
                || !ids.TryGetValue(line.Remove(gap, 1), out var merged)
                || left == merged || right == merged)
            {
                throw metadata.Fault("merges", $"merge {rank}, \"{line}\", does not name two tokens whose union is a token");
            }

            if (!seen.Add((left, right)))
            {
                throw metadata.Fault("merges", $"merge {rank}, \"{line}\", stands there twice");
            }

            merges[rank] = new BytePairMerge(left, right, merged);
        }

        return merges;
    }
}
