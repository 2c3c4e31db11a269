using Crescent.Engine.Model.Text;

namespace Crescent.Tests.Engine.Model.Text;

public sealed class TokenizerGoldenTests
{
    [Fact]
    public void The_embedded_model_gives_the_golden_tokens() =>
        AssertGoldens(Tokenizers.Tiny, TestFiles.Project("models", "crescent-tiny.goldens.json"));

    [Theory]
    [InlineData("smollm2-135m-instruct", "SmolLM2-135M-Instruct.Q4_1.gguf", "goldens.json")]
    [InlineData("arch", "gpt2-pre.gguf", "gpt2-pre.goldens.json")]
    [InlineData("arch", "llama-bpe-rope-factors.gguf", "llama-bpe-rope-factors.goldens.json")]
    [InlineData("arch", "llama-spm.gguf", "llama-spm.goldens.json")]
    [InlineData("arch", "qwen2.gguf", "qwen2.goldens.json")]
    [InlineData("arch", "qwen3.gguf", "qwen3.goldens.json")]
    [InlineData("arch", "qwen3-BF16.gguf", "qwen3-BF16.goldens.json")]
    [InlineData("arch", "qwen3-F16.gguf", "qwen3-F16.goldens.json")]
    [InlineData("arch", "qwen3moe.gguf", "qwen3moe.goldens.json")]
    [InlineData("tiny/formats", "IQ4_NL.gguf", "IQ4_NL.goldens.json")]
    [InlineData("tiny/formats", "IQ4_XS.gguf", "IQ4_XS.goldens.json")]
    [InlineData("tiny/formats", "Q2_K.gguf", "Q2_K.goldens.json")]
    [InlineData("tiny/formats", "Q3_K_M.gguf", "Q3_K_M.goldens.json")]
    [InlineData("tiny/formats", "Q4_0.gguf", "Q4_0.goldens.json")]
    [InlineData("tiny/formats", "Q4_1.gguf", "Q4_1.goldens.json")]
    [InlineData("tiny/formats", "Q4_K_M.gguf", "Q4_K_M.goldens.json")]
    [InlineData("tiny/formats", "Q5_0.gguf", "Q5_0.goldens.json")]
    [InlineData("tiny/formats", "Q5_1.gguf", "Q5_1.goldens.json")]
    [InlineData("tiny/formats", "Q5_K_M.gguf", "Q5_K_M.goldens.json")]
    [InlineData("tiny/formats", "Q6_K.gguf", "Q6_K.goldens.json")]
    public void A_shared_model_gives_the_golden_tokens(string folder, string model, string goldens)
    {
        var expected = TestFiles.Shared(folder, goldens);
        AssertGoldens(Tokenizers.Read(TestFiles.Shared(folder, model)), expected);
    }

    private static void AssertGoldens(Tokenizer tokenizer, string goldens)
    {
        var texts = Goldens.Read(goldens).Tokenizer;
        Assert.NotEmpty(texts);
        foreach (var (text, ids, plain) in texts)
        {
            Assert.Equal(ids, tokenizer.Encode(text, parseSpecial: true));
            Assert.Equal(plain, tokenizer.Encode(text, parseSpecial: false));
        }
    }
}
