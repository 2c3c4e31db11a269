namespace Crescent.Control.Health;

/// <summary>When a device is taken for sick, and when it is tried again; configuration section <see cref="Section"/>.</summary>
public sealed class HealthOptions
{
    public const string Section = "Crescent:Health";
    public const int DefaultFailedSteps = 3;
    public const double DefaultWindowSeconds = 30;
    public const double DefaultStallSeconds = 5;
    public const double DefaultStallFactor = 20;
    public const double DefaultFirstPauseSeconds = 1;
    public const double DefaultLongestPauseSeconds = 60;
    public const double DefaultReleaseSeconds = 30;
    public const double DefaultOpenSeconds = 600;

    /// <summary>Steps that fail within <see cref="WindowSeconds"/> of a device that is sick; 1 to 1,000.</summary>
    public int FailedSteps { get; set; } = DefaultFailedSteps;

    /// <summary>The time in which failed steps are counted together; 1 to 3,600 s.</summary>
    public double WindowSeconds { get; set; } = DefaultWindowSeconds;

    /// <summary>A device with work that finishes no step for so long is sick, if <see cref="StallFactor"/> says so too; 1 to 3,600 s.</summary>
    public double StallSeconds { get; set; } = DefaultStallSeconds;

    /// <summary>Times its forecast that a step may take before the device is sick; 2 to 1,000.</summary>
    public double StallFactor { get; set; } = DefaultStallFactor;

    /// <summary>Until a sick device is tried again; it doubles each time that it is sick again, up to <see cref="LongestPauseSeconds"/>; 0.1 to 3,600 s.</summary>
    public double FirstPauseSeconds { get; set; } = DefaultFirstPauseSeconds;

    /// <summary>The longest pause; one that has served for so long is well, and begins anew with the first; <see cref="FirstPauseSeconds"/> to 86,400 s.</summary>
    public double LongestPauseSeconds { get; set; } = DefaultLongestPauseSeconds;

    /// <summary>A device that an operator has drained gives its memory back when it has been without sequences for so long; 0 to 86,400 s.</summary>
    public double ReleaseSeconds { get; set; } = DefaultReleaseSeconds;

    /// <summary>A device that is not open after so long counts as sick; it is tried again when that has come to an end; 1 to 86,400 s.</summary>
    public double OpenSeconds { get; set; } = DefaultOpenSeconds;
}
