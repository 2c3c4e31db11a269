using System.Runtime.InteropServices;
using Crescent.Engine.Kv;

namespace Crescent.Engine.Scheduling;

/// <summary>What a <see cref="ProgramKeeper"/> knows of a program between its calls.</summary>
/// <param name="key">Its name.</param>
internal sealed class KeptProgram(ProgramKey key)
{
    public ProgramKey Key => key;

    /// <summary>Its place in the order of last use.</summary>
    public LinkedListNode<KeptProgram>? Node { get; set; }

    /// <summary>Its own pauses.</summary>
    public GapHistogram Gaps { get; } = new();

    /// <summary>Its calls in the engine.</summary>
    public int Calls { get; set; }

    /// <summary>When its last call ended; meaningless while it has one.</summary>
    public long EndedAt { get; set; }

    /// <summary>The table of its last call, whose hashes name what is kept; null for nothing.</summary>
    public BlockTable? Table { get; set; }

    /// <summary>Counts its pauses, so that a look that was planned in an earlier one is known as such.</summary>
    public int Pause { get; set; }

    /// <summary>What can be found of its last call.</summary>
    public ReadOnlySpan<BlockHash> Hashes => Table is { } table ? CollectionsMarshal.AsSpan(table.Hashes) : [];
}
