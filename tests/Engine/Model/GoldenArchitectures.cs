using Crescent.Engine.Model.Gguf;

namespace Crescent.Tests.Engine.Model;

/// <summary>The files of shared/models/arch with goldens: a new architecture is one more name.</summary>
public static class GoldenArchitectures
{
    /// <summary>Those without quantised weights, of which a device in float32 is exact.</summary>
    public static TheoryData<string> Exact =>
    [
        "gpt2-pre", "llama-bpe-rope-factors", "llama-spm", "qwen2", "qwen3", "qwen3-F16", "qwen3-BF16", "qwen3moe", "gemma3", "gemma4", "gemma4-moe", "gpt-oss", "phi3", "phi3-long", "smollm3",
        "glm4moe", "llama4", "qwen35", "qwen35moe", "qwen3next", "lfm2", "lfm2moe", "granitehybrid", "nemotron_h", "deepseek2",
    ];

    /// <summary>The type of the weights of a file: the end of its name where that is one.</summary>
    internal static GgmlType TypeOf(string name) => Enum.TryParse<GgmlType>(name[(name.LastIndexOf('-') + 1)..], out var type) ? type : GgmlType.F32;
}
