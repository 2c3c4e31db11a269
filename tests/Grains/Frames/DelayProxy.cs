using System.Net;
using System.Net.Sockets;
using System.Threading.Channels;

namespace Crescent.Tests.Grains.Frames;

/// <summary>Stands between those who connect to a silo and its port, and passes on what they send one another later. The kernel at hand delays nothing.</summary>
internal sealed class DelayProxy : IAsyncDisposable
{
    private const int Pieces = 4096;

    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _over = new();
    private readonly int _target;
    private readonly Task _accepting;
    private long _delay;
    private long _passed;

    public DelayProxy(int target)
    {
        _target = target;
        _listener.Start();
        _accepting = Accept();
    }

    /// <summary>Where it listens.</summary>
    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    /// <summary>How much later everything arrives, each way.</summary>
    public TimeSpan Delay
    {
        get => new(Interlocked.Read(ref _delay));
        set => Interlocked.Exchange(ref _delay, value.Ticks);
    }

    /// <summary>Bytes passed on.</summary>
    public long Passed => Interlocked.Read(ref _passed);

    /// <summary>A port that nobody listens at.</summary>
    public static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    public async ValueTask DisposeAsync()
    {
        await _over.CancelAsync();
        _listener.Stop();
        await _accepting.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _over.Dispose();
    }

    private async Task Accept()
    {
        var pumps = new List<Task>();
        while (!_over.IsCancellationRequested)
        {
            TcpClient caller;
            try
            {
                caller = await _listener.AcceptTcpClientAsync(_over.Token);
            }
            catch (Exception e) when (e is OperationCanceledException or SocketException or ObjectDisposedException)
            {
                break;
            }

            pumps.Add(Join(caller));
        }

        await Task.WhenAll(pumps);
    }

    private async Task Join(TcpClient caller)
    {
        using var target = new TcpClient { NoDelay = true };
        using (caller)
        {
            caller.NoDelay = true;
            try
            {
                await target.ConnectAsync(IPAddress.Loopback, _target, _over.Token);
                using var either = CancellationTokenSource.CreateLinkedTokenSource(_over.Token);
                await Task.WhenAny(Pass(caller.GetStream(), target.GetStream(), either.Token), Pass(target.GetStream(), caller.GetStream(), either.Token));
                await either.CancelAsync();
            }
            catch (Exception e) when (e is OperationCanceledException or SocketException)
            {
                // One that is not there is seen by the caller as such.
            }
        }
    }

    private async Task Pass(NetworkStream from, NetworkStream to, CancellationToken over)
    {
        var pieces = Channel.CreateBounded<(long Due, byte[] Bytes)>(Pieces);
        var reading = Task.Run(
            async () =>
            {
                var buffer = new byte[64 * 1024];
                while (await from.ReadAsync(buffer, over) is > 0 and var length)
                {
                    await pieces.Writer.WriteAsync((Environment.TickCount64 + (long)Delay.TotalMilliseconds, buffer[..length]), over);
                }

                pieces.Writer.Complete();
            },
            over);
        try
        {
            await foreach (var (due, bytes) in pieces.Reader.ReadAllAsync(over))
            {
                while (Environment.TickCount64 < due)
                {
                    await Task.Delay((int)Math.Max(1, due - Environment.TickCount64), over);
                }

                await to.WriteAsync(bytes, over);
                Interlocked.Add(ref _passed, bytes.Length);
            }

            await reading;
        }
        catch (Exception e) when (e is OperationCanceledException or IOException or ObjectDisposedException)
        {
            // The connection has ended, on either side.
        }
    }
}
