using Crescent.Agents.Tasks;

namespace Crescent.Grains.Agents;

/// <summary>The tools of a silo, by name.</summary>
public sealed class AgentTools(IEnumerable<IAgentTool> tools)
{
    /// <summary>Characters of a result that are kept; the rest is left out, and the model is told so.</summary>
    public const int MaxResult = 1 << 16;

    private readonly Dictionary<string, IAgentTool> _tools = tools.ToDictionary(static tool => tool.Name, StringComparer.Ordinal);

    /// <summary>All of them, as tasks know them.</summary>
    public IEnumerable<TaskTool> All => _tools.Values.Select(Describe);

    /// <summary>The tool of that name; null for none.</summary>
    public IAgentTool? Find(string name) => _tools.GetValueOrDefault(name);

    /// <summary>A tool as a task knows it.</summary>
    public static TaskTool Describe(IAgentTool tool) => new(tool.Name, tool.Description, tool.Parameters, tool.IsIdempotent, tool.NeedsApproval);

    /// <summary>A result as it is kept.</summary>
    internal static string Bounded(string result) =>
        result.Length <= MaxResult ? result : $"{result[..MaxResult]}\n({result.Length - MaxResult} characters more were left out)";
}
