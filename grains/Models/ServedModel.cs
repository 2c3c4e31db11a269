using Crescent.Engine.Model;
using Crescent.Engine.Model.Thoughts;
using Crescent.Engine.Model.ToolCalls;
using Crescent.Engine.Sampling.Grammars;

namespace Crescent.Grains.Models;

/// <summary>A model that the cluster serves, by the names that requests may call it.</summary>
public sealed class ServedModel
{
    private readonly HashSet<string> _names;

    /// <param name="model">Opened for its tokenizer and its template.</param>
    /// <param name="grammars">Over its vocabulary.</param>
    /// <param name="created">When the model's file was made.</param>
    /// <param name="name">What it is called when that is not its own name: another model has that.</param>
    /// <param name="simulated">Whether the model only lends its text to a simulated one.</param>
    /// <param name="contextLength">Positions of a sequence, when not its own.</param>
    public ServedModel(
        LanguageModel model, GrammarCache grammars, DateTimeOffset created, string? name = null, bool simulated = false, int? contextLength = null)
    {
        Name = name ?? model.Name;
        EmbeddingSize = simulated ? 0 : model.Graph.Config.Width;
        ContextLength = contextLength ?? model.Graph.Config.ContextLength;
        Model = model;
        Created = created;
        Id = Slug(Name);
        ToolStyle = ToolCallStyles.Detect(model.ToolTemplate ?? "");
        Thoughts = ThoughtMarks.Detect(model.ToolTemplate ?? "");
        Grammars = grammars;
        _names = new HashSet<string>(StringComparer.OrdinalIgnoreCase) { Id, Name, model.Name };
        if (!simulated)
        {
            _names.Add(Path.GetFileName(model.Path));
            _names.Add(Path.GetFileNameWithoutExtension(model.Path));
        }
    }

    /// <summary>Name by which devices know it, unique in the cluster.</summary>
    public string Name { get; }

    /// <summary>Name in answers: <see cref="Name"/> in lower case, with hyphens for all but letters, digits, dots and underscores.</summary>
    public string Id { get; }

    /// <summary>Tokenizer, template and shape.</summary>
    public LanguageModel Model { get; }

    /// <summary>When the model's file was made.</summary>
    public DateTimeOffset Created { get; }

    /// <summary>How it writes tool calls, as its chat template teaches it.</summary>
    public ToolCallStyle ToolStyle { get; }

    /// <summary>What it writes around what it thinks, as its chat template teaches it; null where it thinks nothing.</summary>
    public ThoughtMarks? Thoughts { get; }

    /// <summary>Grammars over its vocabulary: a request is told at once when its own is wrong.</summary>
    public GrammarCache Grammars { get; }

    /// <summary>Floats in an embedding; 0 for a simulated model, which has none.</summary>
    public int EmbeddingSize { get; }

    /// <summary>Positions of a sequence.</summary>
    public int ContextLength { get; }

    /// <summary>Whether a request that names <paramref name="name"/> means this model; case does not matter.</summary>
    public bool IsCalled(string name) => _names.Contains(name);

    private static string Slug(string name)
    {
        var letters = name.ToLowerInvariant().Select(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '_' ? c : '-').ToArray();
        return string.Join('-', new string(letters).Split('-', StringSplitOptions.RemoveEmptyEntries)) is { Length: > 0 } slug ? slug : "model";
    }
}
