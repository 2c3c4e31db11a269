using Crescent.Engine.Model.Architectures;
using Crescent.Engine.Model.Gguf;
using Crescent.Engine.Model.Templates;
using Crescent.Engine.Model.Templates.Runtime;
using Crescent.Engine.Model.Text;

namespace Crescent.Engine.Model;

/// <summary>
/// A model file, opened: its graph for devices, its tokenizer and chat template for front ends. The weights stay mapped and are read by
/// who uses them, so that opening is cheap. Devices that run it must be disposed before it.
/// </summary>
public sealed class LanguageModel : IDisposable
{
    private const string TemplateKey = "tokenizer.chat_template";
    private const string ToolTemplateKey = TemplateKey + ".tool_use";

    private LanguageModel(GgufFile file)
    {
        File = file;
        Graph = Architecture.Read(file);
        Tokenizer = TokenizerReader.Read(file);
        try
        {
            ChatPrompt = Prompt(file.FindString(TemplateKey) ?? file.FindString(ToolTemplateKey));
            ToolPrompt = Prompt(file.FindString(ToolTemplateKey)) ?? ChatPrompt;
            ChatFault = ChatPrompt is null ? "the file has no chat template" : null;
        }
        catch (TemplateException e)
        {
            // The model still completes text; whoever asks it to chat is told why it cannot.
            ChatFault = $"its chat template cannot be read: {e.Message}";
        }
    }

    /// <summary>Full path of the file.</summary>
    public string Path => File.Path;

    /// <summary>The model's own name.</summary>
    public string Name => Graph.Config.Name;

    /// <summary>The file.</summary>
    public GgufFile File { get; }

    /// <summary>Shape and tensors.</summary>
    public DecoderGraph Graph { get; }

    /// <summary>Text to tokens and back.</summary>
    public Tokenizer Tokenizer { get; }

    /// <summary>Conversations to tokens, or null for the reason that <see cref="ChatFault"/> gives.</summary>
    public ChatPrompt? ChatPrompt { get; }

    /// <summary>The same for conversations with tools, for which some files have a template of their own.</summary>
    public ChatPrompt? ToolPrompt { get; }

    /// <summary>Source of the chat template for conversations with tools, or null when the file has none.</summary>
    public string? ToolTemplate => File.FindString(ToolTemplateKey) ?? File.FindString(TemplateKey);

    /// <summary>Why there is no <see cref="ChatPrompt"/>.</summary>
    public string? ChatFault { get; }

    /// <summary>Opens the GGUF file at <paramref name="path"/>.</summary>
    /// <exception cref="InvalidModelException">It is no model that can be used.</exception>
    /// <exception cref="IOException">It cannot be read.</exception>
    public static LanguageModel Open(string path)
    {
        var file = GgufFile.Open(path);
        try
        {
            return new LanguageModel(file);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    public void Dispose() => File.Dispose();

    private ChatPrompt? Prompt(string? source) => source is null ? null : new ChatPrompt(ChatTemplate.Parse(source), Tokenizer);
}
