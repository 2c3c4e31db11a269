using Crescent.Control.Placement;
using Crescent.Engine.Scheduling;

namespace Crescent.Lab.Studies;

/// <summary>
/// What a fleet does for programs, as a study names it: words with plus signs between them. <c>fcfs</c> or <c>las</c>, the order of the queue, least attained
/// service; <c>keep</c>, blocks of a program that will come back are evicted later; <c>pause</c>, calls of batch programs are held under pressure; <c>apart</c>,
/// calls go to the device with the shortest queue, wherever their program was; <c>host</c>, evicted blocks go to host memory.
/// </summary>
/// <param name="Name">As it is written.</param>
/// <param name="Words">Its parts.</param>
public sealed record SessionVariant(string Name, IReadOnlySet<string> Words)
{
    private static readonly string[] Known = ["fcfs", "las", "keep", "pause", "apart", "host"];

    /// <summary>Whether calls go where their program was.</summary>
    public bool Colocates => !Words.Contains("apart");

    /// <summary>Reads a name.</summary>
    /// <exception cref="FormatException">The message says what is known.</exception>
    public static SessionVariant Parse(string name)
    {
        var words = name.Split('+', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).ToHashSet(StringComparer.Ordinal);
        return words.Count > 0 && words.IsSubsetOf(Known) && !(words.Contains("fcfs") && words.Contains("las"))
            ? new SessionVariant(name, words)
            : throw new FormatException($"'{name}' is no variant: write words of {string.Join(", ", Known)} with + between them, such as las+keep; fcfs and las exclude each other.");
    }

    /// <summary>Name of the placement policy, where programs are kept together by <paramref name="policy"/>.</summary>
    public string Placement(string policy) => Colocates ? policy : LeastQueuePolicy.PolicyName;

    /// <summary>What engines are told.</summary>
    public EngineOptions Engine(int hostBlocks) => new()
    {
        QueueOrder = Words.Contains("las") ? QueueOrder.Program : QueueOrder.Fcfs,
        KeepsPrograms = Words.Contains("keep"),
        HeldFrom = Words.Contains("pause") ? RequestPriority.Batch : null,
        HostBlocks = Words.Contains("host") ? hostBlocks : 0,
    };
}
