using System.Globalization;
using Crescent.Engine.Devices.Cpu.Attention;
using Crescent.Engine.Model.Architectures;
using Crescent.Engine.Model.Gguf;

namespace Crescent.Engine.Devices.Cpu;

/// <summary>
/// What a model takes on the processor by the sizes that its file declares, so that one which cannot be had is refused by name before anything is
/// allocated: memory that is not there ends the process.
/// </summary>
internal static class WorkingMemory
{
    /// <summary>Bytes a value of a row takes over all buffers that hold such rows: floats, quantised activations, what the phases hand on.</summary>
    private const int BytesPerValue = 16;

    /// <summary>Bytes of a model's weights, but for embedding and output that <paramref name="beside"/> has too.</summary>
    public static long Weights(DecoderGraph graph, DecoderGraph? beside = null)
    {
        HashSet<GgufTensor> ends = new([graph.TokenEmbedding, graph.Output], ReferenceEqualityComparer.Instance);
        ends.ExceptWith(beside is null ? [] : [beside.TokenEmbedding, beside.Output]);
        return graph.Operators.SelectMany(static step => step.Matrices).Concat(ends).Sum(static matrix => matrix.ByteLength) + (graph.HiddenInput?.Projection.ByteLength ?? 0);
    }

    /// <summary>Throws when one of the model's sizes alone takes more than <paramref name="available"/> bytes.</summary>
    /// <param name="graph">The model.</param>
    /// <param name="options">Tokens and rows of a step, KV blocks.</param>
    /// <param name="available">Memory of the process.</param>
    /// <exception cref="InvalidModelException">The message names the key, what it takes and what to do.</exception>
    public static void Check(DecoderGraph graph, CpuDeviceOptions options, long available)
    {
        var config = graph.Config;
        var prefix = config.Architecture + ".";
        Int128 tokens = options.MaxStepTokens;
        var block = (Int128)2 * config.LayerCount * config.KvWidth * KvPage.Slots * (options.KvType == KvType.F32 ? 4 : options.KvType == KvType.Q8_0 ? 1 : 2);
        var weights = Weights(graph);
        var narrower = "use a file of the model with narrower weights";
        var fewer = $"lower the tokens of a step ({options.MaxStepTokens})";
        ReadOnlySpan<(string Key, long Value, Int128 Bytes, string Remedy)> sizes =
        [
            (prefix + "embedding_length", config.Width, tokens * config.Width * BytesPerValue, fewer),
            (prefix + "attention.head_count", config.HeadCount, tokens * config.QueryWidth * BytesPerValue, fewer),
            (prefix + (config.ExpertCount > 0 ? "expert_feed_forward_length" : "feed_forward_length"), config.FeedForwardWidth,
                tokens * Math.Max(1, config.ExpertUsedCount) * config.FeedForwardWidth * BytesPerValue, fewer),
            ("tokenizer.ggml.tokens", config.VocabularySize, (Int128)options.MaxLogitRows * config.VocabularySize * sizeof(float), $"lower the sequences of a step ({options.MaxLogitRows})"),
            (prefix + "block_count", config.LayerCount, block * Math.Max(1, options.KvBlocks), options.KvBlocks > 0 ? $"lower the KV blocks of the device ({options.KvBlocks})" : narrower),
            ("the weights", weights, weights, narrower),
        ];
        foreach (var (key, value, bytes, remedy) in sizes)
        {
            if (bytes > available)
            {
                throw new InvalidModelException(config.Name, key, string.Create(
                    CultureInfo.InvariantCulture,
                    $"{value} takes {(double)bytes / 1e9:0.#} GB of memory, {available / 1e9:0.#} GB are available; {remedy}, or correct the file where it is wrong"));
            }
        }
    }
}
