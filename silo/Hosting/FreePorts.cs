using System.Net;
using System.Net.Sockets;

namespace Crescent.Silo.Hosting;

/// <summary>Finds ports of the loopback address that nobody listens on.</summary>
internal static class FreePorts
{
    // Below what operating systems hand to outgoing connections, so that none of them takes a port between its choice and its use.
    private const int Lowest = 20_000;
    private const int Highest = 32_000;
    private const int MaxAttempts = 1000;

    /// <summary>Different free ports.</summary>
    public static IReadOnlyList<int> Take(int count)
    {
        var held = new List<TcpListener>();
        try
        {
            for (var attempt = 0; held.Count < count; attempt++)
            {
                var listener = new TcpListener(IPAddress.Loopback, Random.Shared.Next(Lowest, Highest));
                try
                {
                    listener.Start();
                    held.Add(listener);
                }
                catch (SocketException) when (attempt < MaxAttempts)
                {
                    listener.Dispose();
                }
            }

            return held.ConvertAll(l => ((IPEndPoint)l.LocalEndpoint).Port);
        }
        finally
        {
            held.ForEach(l => l.Dispose());
        }
    }
}
