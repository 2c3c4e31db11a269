namespace Crescent.Grains.Sessions;

/// <summary>What a session knows: its last turn, and when it was told of it.</summary>
internal sealed class SessionMemory(TimeProvider time)
{
    private SessionTurn? _turn;
    private long _toldAt;

    /// <summary>The last turn, or null before one was told.</summary>
    public SessionTurn? Turn => _turn;

    /// <summary>A turn was placed, or has ended.</summary>
    public void Remember(SessionTurn turn) => (_turn, _toldAt) = (turn, time.GetTimestamp());

    /// <summary>Takes over what another memory of the session has seen.</summary>
    public void Restore(SessionSighting sighting)
    {
        _turn = sighting.Turn;
        _toldAt = time.GetTimestamp() - (long)(sighting.Age.TotalSeconds * time.TimestampFrequency);
    }

    /// <summary>The last turn with its age, or null before one was told.</summary>
    public SessionSighting? Look() => _turn is null ? null : new SessionSighting(_turn, time.GetElapsedTime(_toldAt));
}
