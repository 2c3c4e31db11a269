namespace Crescent.Grains.Sessions;

/// <summary>A session's last turn, seen now.</summary>
/// <param name="Turn">The turn.</param>
/// <param name="Age">Time since the session was last told of it. Clocks of silos are not compared, so it travels as a duration.</param>
[GenerateSerializer, Immutable, Alias("Crescent.SessionSighting")]
public sealed record SessionSighting([property: Id(0)] SessionTurn Turn, [property: Id(1)] TimeSpan Age);
