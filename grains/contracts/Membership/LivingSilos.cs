using System.Net.Sockets;

namespace Crescent.Grains.Contracts.Membership;

/// <summary>Finds out which silos of a membership table are really there, whatever it says of them.</summary>
public static class LivingSilos
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);

    /// <summary>Names of the silos in the table at <paramref name="path"/> that still listen; none when there is no such table.</summary>
    public static async Task<IReadOnlyList<string>> Of(string path)
    {
        if (!File.Exists(path))
        {
            return [];
        }

        try
        {
            var members = await new FileMembershipTable(path).ReadAll();
            var looks = members.Members.Select(static m => m.Item1).Where(static m => m.Status != SiloStatus.Dead)
                .Select(static async m => (m.SiloName, Listens: await Listens(m.SiloAddress)));
            return [.. (await Task.WhenAll(looks)).Where(static m => m.Listens).Select(static m => m.SiloName)];
        }
        catch (InvalidDataException)
        {
            // A living silo would have mended it.
            return [];
        }
    }

    private static async Task<bool> Listens(SiloAddress silo)
    {
        using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        using var patience = new CancellationTokenSource(Patience);
        try
        {
            await socket.ConnectAsync(silo.Endpoint, patience.Token);
            return true;
        }
        catch (Exception e) when (e is SocketException or OperationCanceledException)
        {
            return false;
        }
    }
}
