namespace Crescent.Silo.Tools;

/// <summary>An MCP server as the file of them has it: a process that is spoken to over its standard input and output, or an address.</summary>
internal sealed record McpServerSettings
{
    /// <summary>Stands for all tools in a list of names.</summary>
    public const string Every = "*";

    /// <summary>Its name in the file: letters, digits, <c>-</c> and single <c>_</c>, 1 to 32.</summary>
    public required string Name { get; init; }

    /// <summary>Program of its process; null for one at an address.</summary>
    public string? Command { get; init; }

    /// <summary>What the program is given.</summary>
    public IReadOnlyList<string> Arguments { get; init; } = [];

    /// <summary>Its environment beside what a program needs to run at all: it has none of the silo's secrets.</summary>
    public IReadOnlyDictionary<string, string> Environment { get; init; } = new Dictionary<string, string>();

    /// <summary>Where the process runs, and by what its relative paths go.</summary>
    public required string Folder { get; init; }

    /// <summary>Its address; null for a process.</summary>
    public Uri? Url { get; init; }

    /// <summary>Sent with each request to its address.</summary>
    public IReadOnlyDictionary<string, string> Headers { get; init; } = new Dictionary<string, string>();

    /// <summary>Its tools that are there for agents; a tool that is not named is not there.</summary>
    public required IReadOnlySet<string> Allow { get; init; }

    /// <summary>Its tools of which a person approves each call.</summary>
    public IReadOnlySet<string> Approve { get; init; } = new HashSet<string>();

    /// <summary>Its tools that may be called again with the same key; null where the server's own word counts.</summary>
    public IReadOnlySet<string>? Idempotent { get; init; }

    /// <summary>Whether a list of names has a tool.</summary>
    public static bool Has(IReadOnlySet<string> names, string tool) => names.Contains(Every) || names.Contains(tool);
}
