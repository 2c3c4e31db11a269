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
