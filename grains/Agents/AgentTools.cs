using Crescent.Agents.Tasks;

namespace Crescent.Grains.Agents;

/// <summary>The tools of a silo, by name: its own, and those of sources, which come and go.</summary>
/// <param name="tools">Its own: of two of a name the first counts, before any of a source.</param>
/// <param name="sources">The others.</param>
public sealed class AgentTools(IEnumerable<IAgentTool> tools, IEnumerable<IAgentToolSource> sources)
{
    /// <summary>Characters of a result that are kept; the rest is left out, and the model is told so.</summary>
    public const int MaxResult = 1 << 16;

    private readonly IAgentTool[] _own = [.. tools.DistinctBy(static tool => tool.Name, StringComparer.Ordinal)];
    private readonly IAgentToolSource[] _sources = [.. sources];

    /// <summary>All of them, as tasks know them.</summary>
    public IEnumerable<TaskTool> All => Now.DistinctBy(static tool => tool.Name, StringComparer.Ordinal).Select(Describe);

    private IEnumerable<IAgentTool> Now => _own.Concat(_sources.SelectMany(static source => source.Tools));

    /// <summary>The tool of that name that is there now; null for none.</summary>
    public IAgentTool? Find(string name) => Now.FirstOrDefault(tool => tool.Name == name);

    /// <summary>The tool of that name, waited for where its source is only beginning; null for none.</summary>
    /// <exception cref="AgentToolException">There is one, and it cannot be had now: the message says why.</exception>
    public async Task<IAgentTool?> Find(string name, CancellationToken cancellationToken)
    {
        if (Find(name) is { } tool)
        {
            return tool;
        }

        foreach (var source in _sources)
        {
            if (await source.Find(name, cancellationToken) is { } late)
            {
                return late;
            }
        }

        return null;
    }

    /// <summary>A tool as a task knows it.</summary>
    public static TaskTool Describe(IAgentTool tool) => new(tool.Name, tool.Description, tool.Parameters, tool.IsIdempotent, tool.NeedsApproval);

    /// <summary>A result as it is kept.</summary>
    internal static string Bounded(string result) =>
        result.Length <= MaxResult ? result : $"{result[..MaxResult]}\n({result.Length - MaxResult} characters more were left out)";
}
