using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Npgsql;

namespace Crescent.Tests.Silo.Stores;

/// <summary>A real Redis or PostgreSQL on the loopback address that is killed and comes again with what it had. Tests are skipped where its program is not there.</summary>
internal sealed class StoreServer : IAsyncDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly bool _isRedis;
    private readonly int _port;
    private Process? _process;

    private StoreServer(bool isRedis)
    {
        _isRedis = isRedis;
        using var free = new TcpListener(IPAddress.Loopback, 0);
        free.Start();
        _port = ((IPEndPoint)free.LocalEndpoint).Port;
    }

    /// <summary>Connection string for a silo.</summary>
    public string Connection => _isRedis ? $"127.0.0.1:{_port}" : $"Host=127.0.0.1;Port={_port};Username=postgres;Database=postgres;Maximum Pool Size=20";

    /// <summary>A server of a kind, which is not started.</summary>
    public static async Task<StoreServer> Create(string kind)
    {
        var server = new StoreServer(kind == "redis");
        Directory.CreateDirectory(server._folder.Path);
        if (server._isRedis)
        {
            Assert.SkipUnless(RedisProgram() is not null, "There is no redis-server here; .ci/servers fetches one from Debian");
        }
        else
        {
            Assert.SkipUnless(Postgres("initdb") is not null, "There is no PostgreSQL here (initdb)");
            await server.Make();
        }

        return server;
    }

    /// <summary>Starts it, and waits until it answers.</summary>
    public async Task Start()
    {
        _process = _isRedis
            ? Launch(RedisProgram()!, ["--port", $"{_port}", "--bind", "127.0.0.1", "--dir", _folder.Path, "--appendonly", "yes", "--appendfsync", "everysec", "--save", "", "--daemonize", "no"])
            : LaunchAsUser(Postgres("postgres")!, ["-D", Data, "-p", $"{_port}", "-h", "127.0.0.1", "-k", _folder.Path]);
        for (var deadline = DateTime.UtcNow.AddSeconds(60); ; await Task.Delay(50, TestContext.Current.CancellationToken))
        {
            if (await Answers())
            {
                return;
            }

            Assert.True(DateTime.UtcNow < deadline, $"The server did not listen within 60 s; it {(_process.HasExited ? "has ended" : "runs")}.");
        }
    }

    /// <summary>Ends it as <c>kill -9</c> does.</summary>
    public async Task Kill()
    {
        _process!.Kill(entireProcessTree: true);
        await _process.WaitForExitAsync(TestContext.Current.CancellationToken);
        _process.Dispose();
        _process = null;
        while (await Listens())
        {
            await Task.Delay(20, TestContext.Current.CancellationToken);
        }

        if (!_isRedis)
        {
            File.Delete(Path.Combine(Data, "postmaster.pid"));
        }
    }

    public ValueTask DisposeAsync()
    {
        _process?.Kill(entireProcessTree: true);
        _process?.WaitForExit();
        _process?.Dispose();
        _folder.Dispose();
        return ValueTask.CompletedTask;
    }

    /// <summary>One that has come after a kill answers some time after it listens.</summary>
    private async Task<bool> Answers()
    {
        if (_isRedis || !await Listens())
        {
            return await Listens();
        }

        try
        {
            await using var connection = new NpgsqlConnection(Connection + ";Pooling=false");
            await connection.OpenAsync(TestContext.Current.CancellationToken);
            return true;
        }
        catch (NpgsqlException)
        {
            return false;
        }
    }

    private async Task<bool> Listens()
    {
        using var socket = new TcpClient();
        try
        {
            await socket.ConnectAsync(IPAddress.Loopback, _port, TestContext.Current.CancellationToken);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    private string Data => Path.Combine(_folder.Path, "data");

    private static string? RedisProgram() => OnPath("redis-server") ?? Existing(TestFiles.Project(".ci", "cache", "redis", "usr", "bin", "redis-server"));

    private static string? Postgres(string program) =>
        (Directory.Exists("/usr/lib/postgresql") ? Directory.EnumerateDirectories("/usr/lib/postgresql").Order().Select(version => Existing(Path.Combine(version, "bin", program))).LastOrDefault() : null)
        ?? OnPath(program);

    private static string? OnPath(string program) =>
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Select(folder => Existing(Path.Combine(folder, program))).FirstOrDefault(static found => found is not null);

    private static string? Existing(string path) => File.Exists(path) ? path : null;

    private async Task Make()
    {
        if (Environment.UserName == "root")
        {
            // It refuses to run as root.
            using var owner = Launch("chown", ["postgres", _folder.Path]);
            await owner.WaitForExitAsync();
            using var open = Launch("chmod", ["755", _folder.Path]);
            await open.WaitForExitAsync();
        }

        using var made = LaunchAsUser(Postgres("initdb")!, ["-D", Data, "-A", "trust", "-U", "postgres", "--no-sync"]);
        await made.WaitForExitAsync();
        Assert.SkipUnless(made.ExitCode == 0, "There is no PostgreSQL here (initdb failed)");
    }

    private static Process LaunchAsUser(string program, string[] arguments) => Environment.UserName == "root"
        ? Launch("setpriv", ["--reuid", "postgres", "--regid", "postgres", "--clear-groups", program, .. arguments])
        : Launch(program, arguments);

    private static Process Launch(string program, string[] arguments)
    {
        // The server ends with the tests, however they end.
        const string Guard = """ "$@" & child=$!; while kill -0 "$OWNER" 2> /dev/null && kill -0 "$child" 2> /dev/null; do sleep 1; done; kill -9 "$child" 2> /dev/null; wait "$child" """;
        var start = new ProcessStartInfo("/bin/sh", ["-c", Guard, "sh", program, .. arguments]) { RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = "/" };
        start.Environment["OWNER"] = $"{Environment.ProcessId}";
        if (Path.GetDirectoryName(program) is { } folder && folder.Contains(".ci", StringComparison.Ordinal))
        {
            start.Environment["LD_LIBRARY_PATH"] = Path.GetFullPath(Path.Combine(folder, "..", "lib", "x86_64-linux-gnu"));
        }

        var process = Process.Start(start)!;
        process.OutputDataReceived += static (_, _) => { };
        process.ErrorDataReceived += static (_, _) => { };
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        return process;
    }
}
