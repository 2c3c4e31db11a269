namespace Crescent.Client.Traces;

/// <summary>A span as it stands in a file of traces.</summary>
/// <param name="Id">Sixteen hexadecimal digits.</param>
/// <param name="Parent">The span that it is a part of; empty for none.</param>
/// <param name="Name">Its name.</param>
/// <param name="Silo">The silo that made it.</param>
/// <param name="Start">Nanoseconds since 1970.</param>
/// <param name="End">Nanoseconds since 1970.</param>
/// <param name="Fault">What went wrong, empty where it is not said; null where nothing did.</param>
/// <param name="Attributes">What is told of it.</param>
/// <param name="Events">What happened in it, with what is told of that.</param>
internal sealed record TraceSpan(
    string Id, string Parent, string Name, string Silo, long Start, long End, string? Fault, IReadOnlyDictionary<string, string> Attributes, IReadOnlyList<(string Name, IReadOnlyDictionary<string, string> Attributes)> Events)
{
    /// <summary>How long it took, ms.</summary>
    public double Milliseconds => (End - Start) / 1e6;
}
