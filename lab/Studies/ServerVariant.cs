using System.Globalization;
using Crescent.Control.Planning;
using Crescent.Lab.Servers;

namespace Crescent.Lab.Studies;

/// <summary>Who says how many servers are awake.</summary>
/// <param name="Name"><c>fixed:N</c>, <c>threshold:N</c> or <c>planner</c>.</param>
/// <param name="Number">N; 0 where there is none.</param>
public sealed record ServerVariant(string Name, int Number)
{
    private const string Takes = "fixed (each size from half of the servers to all), fixed:N (servers), threshold:N (calls a server) or planner";

    /// <summary>Reads one word; <c>fixed</c> alone stands for several sizes.</summary>
    /// <exception cref="FormatException">It is none of them.</exception>
    public static IEnumerable<ServerVariant> Parse(string word, int servers)
    {
        var (kind, text) = word.Split(':') is [var before, var after] ? (before, after) : (word, "");
        var number = int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var parsed) ? parsed : 0;
        return (kind, text.Length > 0, number) switch
        {
            ("planner", false, _) => [new ServerVariant(kind, 0)],
            ("fixed", false, _) => Enumerable.Range((servers + 1) / 2, (servers / 2) + 1).Where(n => n <= servers).Select(static n => new ServerVariant($"fixed:{n}", n)),
            ("fixed", true, > 0) when number <= servers => [new ServerVariant(word, number)],
            ("threshold", true, > 0) => [new ServerVariant(word, number)],
            _ => throw new FormatException($"'{word}' is no way to number servers of which there are {servers}; there are: {Takes}."),
        };
    }

    /// <summary>The same as it is run.</summary>
    internal IServerCount Create(ServerStudyOptions options) => Name switch
    {
        "planner" => new PlannedServers(new PlannerBounds { Most = options.Fleet.Nodes, StartSeconds = options.WakeSeconds, Level = options.Level }),
        _ when Name.StartsWith("fixed", StringComparison.Ordinal) => new FixedServers(Number),
        _ => new ThresholdServers(Number, 1, options.Fleet.Nodes),
    };
}
