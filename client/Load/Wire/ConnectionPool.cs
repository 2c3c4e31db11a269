using System.Collections.Concurrent;

namespace Crescent.Client.Load.Wire;

/// <summary>Connections between calls; the one that was used last is used next.</summary>
internal sealed class ConnectionPool(Target target) : IDisposable
{
    private readonly ConcurrentStack<Connection> _idle = new();
    private int _opened;

    /// <summary>Connections opened so far.</summary>
    public int Opened => Volatile.Read(ref _opened);

    /// <summary>One that is not in use; null where there is none.</summary>
    public Connection? Take() => _idle.TryPop(out var connection) ? connection : null;

    /// <summary>Opens a fresh one.</summary>
    /// <param name="cancellationToken">Ends it.</param>
    /// <param name="receiveBytes">Room for what comes while nobody reads; 0 for as much as the system gives.</param>
    public Task<Connection> Open(CancellationToken cancellationToken, int receiveBytes = 0)
    {
        Interlocked.Increment(ref _opened);
        return Connection.Open(target, cancellationToken, receiveBytes);
    }

    /// <summary>Puts one back whose answer is whole.</summary>
    public void Return(Connection connection)
    {
        connection.Used = true;
        _idle.Push(connection);
    }

    public void Dispose()
    {
        while (_idle.TryPop(out var connection))
        {
            connection.Dispose();
        }
    }
}
