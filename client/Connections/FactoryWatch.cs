using Crescent.Grains.Contracts.Factory;

namespace Crescent.Client.Connections;

/// <summary>
/// Looks at a factory again and again. When a look fails after an earlier one came, the last state stays with a note, until
/// none has come for the whole patience: a factory that just lost a silo is worth watching.
/// </summary>
/// <param name="connection">The way in.</param>
/// <param name="patience">Longest time without a state.</param>
/// <param name="time">The clock; the system's unless given.</param>
internal sealed class FactoryWatch(IFactoryConnection connection, TimeSpan patience, TimeProvider? time = null)
{
    private static readonly TimeSpan LongestLook = TimeSpan.FromSeconds(3);

    private readonly TimeProvider _time = time ?? TimeProvider.System;
    private FactorySnapshot? _last;
    private long _seen;

    /// <summary>The state now, or the last one with a note on why it is not newer.</summary>
    /// <exception cref="FactoryException">There is no state, or none new for too long.</exception>
    public async Task<Sight> Look(CancellationToken cancellationToken)
    {
        try
        {
            _last = _last is null
                ? await connection.GetFactory(cancellationToken)
                : await Deadlines.Within(connection.GetFactory, patience < LongestLook ? patience : LongestLook, cancellationToken);
            _seen = _time.GetTimestamp();
            return new Sight(_last, null);
        }
        catch (Exception e) when (_last is not null && e is FactoryException or TimeoutException)
        {
            var silence = _time.GetElapsedTime(_seen);
            if (silence < patience)
            {
                return new Sight(_last!, $"No state for {silence.TotalSeconds:0} s: {(e is FactoryException ? e.Message : "the factory gives no sign")}");
            }

            throw e as FactoryException
                ?? new FactoryException($"The factory has given no sign for {silence.TotalSeconds:0} s", $"Check that it runs, or start one: {StartHint.Command}", e);
        }
    }

    /// <param name="Factory">The state.</param>
    /// <param name="Note">Why it is not the present one; null when it is.</param>
    public readonly record struct Sight(FactorySnapshot Factory, string? Note);
}
