namespace Crescent.Silo.Tools;

/// <summary>How long things with an MCP server may take.</summary>
internal sealed record McpPauses
{
    /// <summary>To connect, until it has told its tools.</summary>
    public TimeSpan Connect { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Before the first try to connect again; doubles with each in a row.</summary>
    public TimeSpan First { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>Before a try, at the most; a connection that holds for so long makes the pauses begin anew.</summary>
    public TimeSpan Longest { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>Between two times that a server is asked which tools it has, which also tells whether it is there.</summary>
    public TimeSpan Look { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>For its process to end when its input has.</summary>
    public TimeSpan Stop { get; init; } = TimeSpan.FromSeconds(3);
}
