namespace Crescent.Agents.Strategies;

/// <summary>The strategies there are, by name: the built-in ones, and what a program or its users add.</summary>
public sealed class StrategyCatalogue
{
    // Beside max_tokens, which all heed. One that is not here is somebody's own, and may heed any.
    private static readonly Dictionary<string, string[]> Heeded = new(StringComparer.Ordinal)
    {
        ["direct"] = [],
        ["chain-of-thought"] = [],
        ["self-consistency"] = ["samples", "window", "window_step", "confidence", "temperature"],
        ["best-of-n"] = ["samples", "temperature", "verify"],
        ["plan-execute"] = ["depth"],
        ["tree-of-thoughts"] = ["beam", "branches", "depth", "temperature"],
        ["map-reduce"] = ["part_lines", "reduce_width", "reduce_prompt"],
        ["react"] = ["depth"],
    };

    private readonly SortedDictionary<string, Func<StrategyTask, IStrategy>> _makers = new(StringComparer.Ordinal)
    {
        ["direct"] = static task => new Direct(task),
        ["chain-of-thought"] = static task => new ChainOfThought(task),
        ["self-consistency"] = static task => new SelfConsistency(task),
        ["best-of-n"] = static task => new BestOfN(task),
        ["plan-execute"] = static task => new PlanExecute(task),
        ["tree-of-thoughts"] = static task => new TreeOfThoughts(task),
        ["map-reduce"] = static task => new MapReduce(task),
        ["react"] = static task => new React(task),
    };

    /// <summary>Names in order.</summary>
    public IReadOnlyCollection<string> Names => _makers.Keys;

    /// <summary>Whether a setting changes anything for a strategy; true for one's own, of which it is not known.</summary>
    /// <param name="strategy">The strategy.</param>
    /// <param name="setting">The setting by its name in JSON, such as <c>window_step</c>.</param>
    public static bool Heeds(string strategy, string setting) => setting == "max_tokens" || !Heeded.TryGetValue(strategy, out var heeded) || heeded.Contains(setting);

    /// <summary>Adds a strategy of one's own. Its tasks are played anew from their results after a fault, so its moves must be a function of these.</summary>
    /// <exception cref="ArgumentException">There is one of that name.</exception>
    public void Add(string name, Func<StrategyTask, IStrategy> make)
    {
        if (!_makers.TryAdd(name, make))
        {
            throw new ArgumentException($"There is a strategy '{name}' already.", nameof(name));
        }
    }

    /// <summary>Adds a template.</summary>
    /// <exception cref="ArgumentException">There is a strategy of its name.</exception>
    public void Add(StrategyTemplate template) => Add(template.Name, task => new Templated(template, task));

    /// <summary>Whether there is one of that name.</summary>
    public bool Has(string name) => _makers.ContainsKey(name);

    /// <summary>One to play <paramref name="task"/>.</summary>
    /// <exception cref="KeyNotFoundException">There is none of that name.</exception>
    public IStrategy Create(string name, StrategyTask task) =>
        _makers.TryGetValue(name, out var make) ? make(task) : throw new KeyNotFoundException($"There is no strategy '{name}'; there are {string.Join(", ", Names)}.");
}
