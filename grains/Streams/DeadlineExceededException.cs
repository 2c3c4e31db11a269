namespace Crescent.Grains.Streams;

/// <summary>The deadline that a call came with passed before there was anything to answer with.</summary>
/// <param name="deadline">The deadline.</param>
/// <param name="when">How far the call was, such as <c>before there was an answer</c>.</param>
/// <param name="inner">What it came from.</param>
public sealed class DeadlineExceededException(TimeSpan deadline, string when, Exception? inner = null) : Exception(Say(deadline, when), inner)
{
    /// <summary>How far the call was.</summary>
    public string When => when;

    /// <summary>What is said of a deadline that has passed.</summary>
    public static string Say(TimeSpan deadline, string when) => $"The deadline of {deadline.TotalSeconds:0.###} s passed {when}.";
}
