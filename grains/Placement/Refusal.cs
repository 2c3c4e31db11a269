using Crescent.Engine.Scheduling;

namespace Crescent.Grains.Placement;

/// <summary>Why work was refused; <see cref="RequestRefusedException"/> as a value that crosses Orleans.</summary>
/// <param name="Reason">Why.</param>
/// <param name="Message">Why, for a human.</param>
/// <param name="RetryAfter">When to try again, where that makes sense.</param>
[GenerateSerializer, Immutable, Alias("Crescent.Refusal")]
public sealed record Refusal(
    [property: Id(0)] RefusalReason Reason, [property: Id(1)] string Message, [property: Id(2)] TimeSpan? RetryAfter)
{
    public static Refusal From(RequestRefusedException exception) => new(exception.Reason, exception.Message, exception.RetryAfter);

    public RequestRefusedException ToException() => new(Reason, Message, RetryAfter);
}
