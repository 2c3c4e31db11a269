using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Crescent.Client.Load.Timing;

namespace Crescent.Client.Mock;

/// <summary>
/// An OpenAI-compatible server that answers nothing of worth at moments that are known: the truth for tests of load generators, and something to try them on. It keeps a record of
/// when it sent what, for a machine that is busy makes it late as well.
/// </summary>
internal sealed class MockServer : IAsyncDisposable
{
    private const int MostConnections = 16_384;
    private const int Backlog = 4096;

    private readonly Socket _listener;
    private readonly CancellationTokenSource _stop = new();
    private readonly ConcurrentDictionary<MockConnection, Task> _connections = new();
    private readonly Task _accepting;
    private readonly SemaphoreSlim? _slots;
    private readonly long _began = Stopwatch.GetTimestamp();
    private long _numbers;

    private MockServer(MockOptions options, Socket listener)
    {
        Options = options;
        _listener = listener;
        _slots = options.Slots > 0 ? new SemaphoreSlim(options.Slots) : null;
        Url = new Uri($"http://{listener.LocalEndPoint}");
        _accepting = Accept();
    }

    /// <summary>How it answers.</summary>
    public MockOptions Options { get; }

    /// <summary>Where it listens.</summary>
    public Uri Url { get; }

    /// <summary>What it did since it began, or since the record was begun anew.</summary>
    public MockRecord Record { get; private set; } = new();

    /// <summary>What wakes streams when their next chunk is due.</summary>
    internal PreciseClock Clock { get; } = new("mock clock");

    /// <summary>Begins to listen.</summary>
    /// <exception cref="SocketException">The address is taken.</exception>
    public static MockServer Start(MockOptions options, IPEndPoint address)
    {
        var listener = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            listener.Bind(address);
            listener.Listen(Backlog);
            return new MockServer(options, listener);
        }
        catch
        {
            listener.Dispose();
            throw;
        }
    }

    /// <summary>Begins the record anew.</summary>
    public void Reset() => Record = new MockRecord();

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _listener.Dispose();
        await _accepting;
        Clock.Stop();
        foreach (var connection in _connections.Keys)
        {
            connection.Dispose();
        }

        await Task.WhenAll(_connections.Values);
        Clock.Dispose();
        _slots?.Dispose();
        _stop.Dispose();
    }

    /// <summary>Number of the next request; what is drawn for it hangs on that alone.</summary>
    internal long NextNumber() => Interlocked.Increment(ref _numbers) - 1;

    /// <summary>Waits for a place where places are bounded.</summary>
    internal Task Enter() => _slots?.WaitAsync(_stop.Token) ?? Task.CompletedTask;

    /// <summary>Gives the place back.</summary>
    internal void Exit() => _slots?.Release();

    /// <summary>A moment moved behind the freeze in which it lies, if it lies in one.</summary>
    internal long Thawed(long due)
    {
        if (Options.FreezeEverySeconds <= 0)
        {
            return due;
        }

        var every = PreciseClock.Ticks(Options.FreezeEverySeconds + Options.FreezeSeconds);
        var within = (due - _began) % every;
        var served = PreciseClock.Ticks(Options.FreezeEverySeconds);
        return within < served ? due : due + every - within;
    }

    private async Task Accept()
    {
        while (!_stop.IsCancellationRequested)
        {
            Socket socket;
            try
            {
                socket = await _listener.AcceptAsync(_stop.Token);
            }
            catch (Exception e) when (e is OperationCanceledException or ObjectDisposedException)
            {
                return;
            }
            catch (SocketException)
            {
                // A client that has gone before it was let in.
                continue;
            }

            if (_connections.Count >= MostConnections)
            {
                socket.Dispose();
                continue;
            }

            socket.NoDelay = true;
            var connection = new MockConnection(this, socket);
            var serving = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            _connections[connection] = serving.Task;
            _ = Task.Run(
                async () =>
                {
                    await connection.Serve(_stop.Token);
                    _connections.TryRemove(connection, out _);
                    serving.SetResult();
                },
                CancellationToken.None);
        }
    }
}
