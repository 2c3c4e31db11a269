using System.Net.Sockets;
using Npgsql;
using Orleans.Persistence.Redis;
using StackExchange.Redis;

namespace Crescent.Silo.Stores;

/// <summary>A store could not be reached, or could not do what it was asked. It goes between silos as it is, which the database's own exceptions do not.</summary>
[GenerateSerializer, Alias("Crescent.StoreException")]
public sealed class StoreException : Exception
{
    /// <summary>An exception without a message.</summary>
    public StoreException()
    {
    }

    /// <summary>An exception with a message.</summary>
    public StoreException(string message)
        : base(message)
    {
    }

    /// <summary>An exception with a message and what it comes from, which must be known to all silos.</summary>
    public StoreException(string message, Exception inner)
        : base(message, inner)
    {
    }

    /// <summary>Does <paramref name="work"/>, and tells its faults in this form.</summary>
    internal static async Task<T> Guard<T>(string what, Func<Task<T>> work)
    {
        try
        {
            return await work();
        }
        catch (Exception e) when (e is NpgsqlException or RedisStorageException or RedisException or TimeoutException or SocketException)
        {
            throw new StoreException($"{what} cannot be read or written: {Brief(e)}");
        }
    }

    /// <summary>What a fault says to people: Redis' goes on with the state of its connection.</summary>
    internal static string Brief(Exception fault)
    {
        var text = (fault is RedisStorageException { InnerException: { } inner } ? inner : fault).Message;
        return text.Split(';', 2)[0];
    }
}
