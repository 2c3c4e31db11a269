using System.Globalization;

namespace Crescent.Lab.Fleet;

/// <summary>The front ends of a fleet: they take calls in turn, and each places by what it has heard and by its own reservations alone.</summary>
/// <param name="Count">How many there are, 1 to <see cref="Most"/>.</param>
/// <param name="DelaySeconds">For how long reports of devices and events of their caches are under way to each, 0 to <see cref="LongestDelay"/>; the interval between two reports comes on top.</param>
public readonly record struct FrontEnds(int Count, double DelaySeconds)
{
    public const int Most = 1000;

    /// <summary>Reports that are older by an interval are as good as none: a device that was not heard of for 3 s takes no calls.</summary>
    public const double LongestDelay = 2.5;

    /// <summary>One, which hears at once.</summary>
    public static FrontEnds One { get; } = new(1, 0);

    /// <summary>Reads <c>COUNT[:SECONDS]</c>.</summary>
    /// <exception cref="FormatException">The message says what is taken.</exception>
    public static FrontEnds Parse(string text)
    {
        var parts = text.Split(':');
        return parts.Length <= 2
            && int.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out var count) && count is >= 1 and <= Most
            && double.TryParse(parts.Length == 2 ? parts[1] : "0", NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var seconds) && seconds <= LongestDelay
                ? new FrontEnds(count, seconds)
                : throw new FormatException(string.Create(
                    CultureInfo.InvariantCulture, $"--fronts takes COUNT[:SECONDS], 1 to {Most} front ends that hear 0 to {LongestDelay} s late, such as 4:0.25, not '{text}'."));
    }
}
