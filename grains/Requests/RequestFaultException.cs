namespace Crescent.Grains.Requests;

/// <summary>A request cannot be done as it is, whoever tries it.</summary>
/// <param name="kind">What is wrong.</param>
/// <param name="field">The field at fault, by the caller's name for it, such as <c>messages[0].role</c>.</param>
/// <param name="message">What is wrong and what would be right, in a sentence.</param>
public sealed class RequestFaultException(FaultKind kind, string field, string message) : Exception(message)
{
    /// <summary>What is wrong.</summary>
    public FaultKind Kind { get; } = kind;

    /// <summary>The field at fault.</summary>
    public string Field { get; } = field;
}
