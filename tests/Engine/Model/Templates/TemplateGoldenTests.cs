using Crescent.Engine.Model.Gguf;
using Crescent.Engine.Model.Templates;
using Crescent.Engine.Model.Text;

namespace Crescent.Tests.Engine.Model.Templates;

/// <summary>The templates of real files, rendered as another implementation renders them.</summary>
public sealed class TemplateGoldenTests
{
    [Fact]
    public void The_embedded_model_s_template_renders_its_goldens()
        => Compare(TestFiles.TinyModel, TestFiles.Project("models", "crescent-tiny.goldens.json"), chats: 10);

    [Fact]
    public void The_template_of_SmolLM2_renders_its_goldens() => Compare(
        TestFiles.Shared("smollm2-135m-instruct", "SmolLM2-135M-Instruct.Q4_1.gguf"),
        TestFiles.Shared("smollm2-135m-instruct", "goldens.json"),
        chats: 7);

    private static void Compare(string path, string goldens, int chats)
    {
        using var file = GgufFile.Open(path);
        var tokenizer = TokenizerReader.Read(file);
        var template = ChatTemplate.Parse(file.GetString("tokenizer.chat_template"));
        var prompt = new ChatPrompt(template, tokenizer);
        var cases = Goldens.Read(goldens).Chat;
        Assert.Equal(chats, cases.Count);
        foreach (var chat in cases)
        {
            Assert.Equal(chat.Prompt, template.Render(chat.Messages, chat.Tools, addGenerationPrompt: true));
            var tokens = prompt.Encode(chat.Messages, chat.Tools);
            Assert.Equal(chat.Prompt, tokenizer.Decode(tokens, withSpecial: true));
            if (chat.Name != "special-tokens-in-text")
            {
                Assert.Equal(tokenizer.Encode(chat.Prompt, parseSpecial: true), tokens);
            }
            else
            {
                // Four markers of two turns, or six with SmolLM2's own system message, whose marker in the text is none of them.
                var markers = tokens.Count(tokenizer.IsSpecial);
                Assert.Equal(tokenizer.Encode(chat.Prompt, parseSpecial: true).Count(tokenizer.IsSpecial) - 1, markers);
            }
        }
    }
}
