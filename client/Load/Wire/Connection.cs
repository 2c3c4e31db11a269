using System.Net.Security;
using System.Net.Sockets;

namespace Crescent.Client.Load.Wire;

/// <summary>One connection to a server, for one call at a time, with what reads its answers.</summary>
internal sealed class Connection : IDisposable
{
    private const int ReceiveBytes = 16 << 10;

    private readonly Socket _socket;
    private readonly Stream _stream;

    private Connection(Socket socket, Stream stream)
    {
        _socket = socket;
        _stream = stream;
        Parser = new AnswerParser(Reader);
    }

    /// <summary>What is measured of the answer.</summary>
    public AnswerReader Reader { get; } = new();

    /// <summary>What takes the transport's frames off.</summary>
    public AnswerParser Parser { get; }

    /// <summary>Where the next request is written.</summary>
    public RequestBuffer Request { get; } = new();

    /// <summary>Where the answer is received.</summary>
    public byte[] Received { get; } = new byte[ReceiveBytes];

    /// <summary>Whether it has served a call before: the server may have closed it since.</summary>
    public bool Used { get; set; }

    /// <summary>Opens one to the first of the addresses that answers.</summary>
    /// <param name="target">The server.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <param name="receiveBytes">Room for what comes while nobody reads; 0 for as much as the system gives.</param>
    /// <exception cref="SocketException">None does.</exception>
    public static async Task<Connection> Open(Target target, CancellationToken cancellationToken, int receiveBytes = 0)
    {
        for (var i = 0; ; i++)
        {
            var socket = new Socket(target.Addresses[i].AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            if (receiveBytes > 0)
            {
                socket.ReceiveBufferSize = receiveBytes;
            }

            try
            {
                await socket.ConnectAsync(target.Addresses[i], target.Root.Port, cancellationToken);
                return new Connection(socket, await Secure(socket, target, cancellationToken));
            }
            catch (SocketException) when (i + 1 < target.Addresses.Count)
            {
                socket.Dispose();
            }
            catch
            {
                socket.Dispose();
                throw;
            }
        }
    }

    /// <summary>Sends the request.</summary>
    public ValueTask Send() => _stream.WriteAsync(Request.Written);

    /// <summary>Receives what comes next; 0 at the end.</summary>
    public ValueTask<int> Receive() => _stream.ReadAsync(Received);

    /// <summary>Ends whatever is going on on it; safe from any thread.</summary>
    public void Cut() => _socket.Dispose();

    public void Dispose()
    {
        _socket.Dispose();
        _stream.Dispose();
    }

    private static async Task<Stream> Secure(Socket socket, Target target, CancellationToken cancellationToken)
    {
        var plain = new NetworkStream(socket, ownsSocket: false);
        if (!target.Tls)
        {
            return plain;
        }

        var secure = new SslStream(plain);
        await secure.AuthenticateAsClientAsync(new SslClientAuthenticationOptions { TargetHost = target.Root.Host }, cancellationToken);
        return secure;
    }
}
