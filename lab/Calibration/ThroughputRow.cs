using System.Text.Json.Serialization;

namespace Crescent.Lab.Calibration;

/// <summary>
/// A measured offline run: <see cref="Requests"/> requests submitted at once to one instance of <see cref="TensorParallel"/> GPUs, output tokens over
/// the whole time.
/// </summary>
public sealed record ThroughputRow
{
    /// <summary>A name of the known models, without precision.</summary>
    [JsonPropertyName("model")]
    public required string Model { get; init; }

    /// <summary>A name of the known GPUs.</summary>
    [JsonPropertyName("gpu")]
    public required string Gpu { get; init; }

    /// <summary>GPUs of the instance.</summary>
    [JsonPropertyName("tensor_parallel")]
    public required int TensorParallel { get; init; }

    /// <summary>Whether they are parallel by data and experts, and not by tensors.</summary>
    [JsonPropertyName("data_parallel")]
    public bool DataParallel { get; init; }

    /// <summary>Name of the file that it stands in, without its extension.</summary>
    [JsonPropertyName("file")]
    public string File { get; init; } = "";

    /// <summary>Whether it was measured with software of 2026, whose files say how GPUs are parallel.</summary>
    [JsonIgnore]
    public bool Is2026 { get; init; }

    /// <summary>
    /// Bytes of a key or value: the published FP8 checkpoints of Llama and Qwen keep FP8 caches; DeepSeek's and gpt-oss' do not say, and BF16 is then taken, but on Blackwell, where
    /// FP8 was asked for.
    /// </summary>
    [JsonIgnore]
    public double KvBytes => Is2026 && Gpu.StartsWith('H') && (Model.StartsWith("gpt-oss", StringComparison.Ordinal) || Model.StartsWith("deepseek", StringComparison.Ordinal)) ? 2 : 1;

    /// <summary>BF16, FP8 or FP4.</summary>
    [JsonPropertyName("weights")]
    public required string Weights { get; init; }

    /// <summary>Prompt tokens of each request.</summary>
    [JsonPropertyName("isl")]
    public required int PromptTokens { get; init; }

    /// <summary>Output tokens of each request.</summary>
    [JsonPropertyName("osl")]
    public required int OutputTokens { get; init; }

    /// <summary>Requests of the run.</summary>
    [JsonPropertyName("requests")]
    public required int Requests { get; init; }

    /// <summary>Measured output tokens a second.</summary>
    [JsonPropertyName("output_tokens_per_second")]
    public required double Measured { get; init; }
}
