using Crescent.Engine.Scheduling;
using Crescent.Grains.Placement;
using Crescent.Grains.Requests;
using Crescent.Grains.Streams;

namespace Crescent.Grains.Kept;

/// <summary>How an answer failed, as a value that crosses Orleans.</summary>
[GenerateSerializer, Immutable, Alias("Crescent.KeptFailure")]
public sealed record KeptFailure
{
    /// <summary>What <see cref="IGenerationService"/> throws, by its kind.</summary>
    public enum Cause
    {
        /// <summary>Something that should not be.</summary>
        Fault,

        /// <summary><see cref="RequestRefusedException"/>.</summary>
        Refused,

        /// <summary><see cref="GenerationFailedException"/>.</summary>
        Failed,

        /// <summary><see cref="DeadlineExceededException"/>.</summary>
        Late,

        /// <summary><see cref="TimeoutException"/>.</summary>
        TimedOut,

        /// <summary>Nobody read it any more.</summary>
        Left,
    }

    [Id(0)] public Cause Kind { get; init; }

    /// <summary>What was said; of a deadline, when it passed.</summary>
    [Id(1)] public string Message { get; init; } = "";

    /// <summary>With <see cref="Cause.Refused"/>.</summary>
    [Id(2)] public Refusal? Refusal { get; init; }

    public static KeptFailure Of(Exception exception) => exception switch
    {
        RequestRefusedException e => new KeptFailure { Kind = Cause.Refused, Message = e.Message, Refusal = Refusal.From(e) },
        GenerationFailedException e => new KeptFailure { Kind = Cause.Failed, Message = e.Message },
        DeadlineExceededException e => new KeptFailure { Kind = Cause.Late, Message = e.When },
        TimeoutException e => new KeptFailure { Kind = Cause.TimedOut, Message = e.Message },
        OrleansException e => new KeptFailure { Kind = Cause.Failed, Message = $"No device can be reached now: {e.Message}" },
        OperationCanceledException => new KeptFailure { Kind = Cause.Left, Message = "Nobody has read the answer for a while, and it was given up. Send the request again." },
        _ => new KeptFailure { Message = exception.Message },
    };

    /// <summary>The same as an exception, for whoever asked with <paramref name="deadline"/>.</summary>
    public Exception ToException(RequestDeadline deadline) => Kind switch
    {
        Cause.Refused when Refusal is not null => Refusal.ToException(),
        Cause.Late => deadline.Exceeded(Message),
        Cause.TimedOut => new TimeoutException(Message),
        Cause.Failed or Cause.Left or Cause.Refused => new GenerationFailedException(Message),
        _ => new InvalidOperationException(Message),
    };
}
