namespace Crescent.Tests.Engine.Model.Templates;

/// <summary>Monday, 23 November 2026, five past nine: the day of the recorded template cases.</summary>
internal sealed class FixedTime : TimeProvider
{
    public override TimeZoneInfo LocalTimeZone => TimeZoneInfo.Utc;

    public override DateTimeOffset GetUtcNow() => new(2026, 11, 23, 9, 5, 0, TimeSpan.Zero);
}
