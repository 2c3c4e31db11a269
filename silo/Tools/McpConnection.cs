using Crescent.Grains.Agents;
using Crescent.Silo.Configuration;
using ModelContextProtocol.Client;
using ModelContextProtocol.Protocol;

namespace Crescent.Silo.Tools;

/// <summary>An MCP server, connected as long as it lets itself be: its tools are those that it told last, also while it is away.</summary>
internal sealed partial class McpConnection(McpServerSettings settings, McpPauses pauses, ILoggerFactory loggers)
{
    /// <summary>Tools of a server that are there at the most.</summary>
    public const int MaxTools = 128;

    private readonly ILogger _logger = loggers.CreateLogger<McpConnection>();
    private readonly TaskCompletionSource _tried = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile McpTool[] _tools = [];
    private volatile McpClient? _client;
    private volatile TaskCompletionSource _lost = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile string _why = "it was not reached yet";

    /// <summary>The server's name.</summary>
    public string Name => settings.Name;

    /// <summary>Its tools, in its order.</summary>
    public IReadOnlyList<IAgentTool> Tools => _tools;

    /// <summary>Whether it is connected.</summary>
    public bool IsThere => _client is not null;

    /// <summary>Ends when the first try to connect has ended, well or not.</summary>
    public Task Tried => _tried.Task;

    /// <summary>The way to it.</summary>
    /// <exception cref="AgentToolException">It is away.</exception>
    public McpClient Client => _client ?? throw Away();

    /// <summary>What the model is told while it is away.</summary>
    public AgentToolException Away() => new($"The server '{Name}' of this tool cannot be reached now: {_why}. It is tried again; go on without it, or try later.");

    /// <summary>Something with it went wrong: the connection is made anew.</summary>
    public void Lose(string why)
    {
        _why = why;
        _lost.TrySetResult();
    }

    /// <summary>Keeps it connected until the silo stops.</summary>
    public async Task Run(CancellationToken stop)
    {
        // Not on the thread that starts the silo.
        await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
        for (var pause = pauses.First; !stop.IsCancellationRequested;)
        {
            var began = TimeProvider.System.GetTimestamp();
            try
            {
                await Hold(stop);
            }
            catch (Exception e) when (e is not OperationCanceledException || !stop.IsCancellationRequested)
            {
                // Whatever a server does is no fault of the silo's.
                _why = e is OperationCanceledException ? $"it did not answer within {pauses.Connect.TotalSeconds:0} s" : e.Message.ReplaceLineEndings(" ").TrimEnd('.');
            }
            catch (OperationCanceledException)
            {
                return;
            }
            finally
            {
                _client = null;
                _tried.TrySetResult();
            }

            pause = TimeProvider.System.GetElapsedTime(began) >= pauses.Longest ? pauses.First : pause;
            LogAway(Name, _why, pause.TotalSeconds);
            await Task.Delay(pause, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            pause = pause * 2 < pauses.Longest ? pause * 2 : pauses.Longest;
        }
    }

    /// <summary>Connects, and returns when the connection is lost.</summary>
    private async Task Hold(CancellationToken stop)
    {
        _lost = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(stop);
        patience.CancelAfter(pauses.Connect);
        await using var client = await McpClient.CreateAsync(Transport(), Options(), loggers, patience.Token);
        await Look(client, patience.Token);
        _client = client;
        _tried.TrySetResult();
        LogThere(Name, _tools.Length);
        while (true)
        {
            var ended = await Task.WhenAny(client.Completion, _lost.Task, Task.Delay(pauses.Look, stop));
            stop.ThrowIfCancellationRequested();
            if (ended == _lost.Task)
            {
                return;
            }

            if (ended == client.Completion)
            {
                _why = (await client.Completion).Exception?.Message.ReplaceLineEndings(" ").TrimEnd('.') ?? "it has ended";
                return;
            }

            using var again = CancellationTokenSource.CreateLinkedTokenSource(stop);
            again.CancelAfter(pauses.Connect);
            await Look(client, again.Token);
        }
    }

    /// <summary>Asks which tools it has, and takes those that are allowed.</summary>
    private async Task Look(McpClient client, CancellationToken cancellationToken)
    {
        var told = await client.ListToolsAsync(cancellationToken: cancellationToken);
        var tools = told.Where(tool => McpServerSettings.Has(settings.Allow, tool.Name)).Take(MaxTools)
            .Select(tool => new McpTool(this, settings, tool.ProtocolTool))
            .DistinctBy(static tool => tool.Name, StringComparer.Ordinal)
            .ToArray();
        foreach (var name in settings.Allow.Where(name => name != McpServerSettings.Every && !told.Any(tool => tool.Name == name)))
        {
            LogMissing(Name, name, string.Join(", ", told.Take(MaxTools).Select(static tool => tool.Name)));
        }

        _tools = tools;
    }

    private IClientTransport Transport()
    {
        if (settings.Url is { } url)
        {
            return new HttpClientTransport(
                new HttpClientTransportOptions
                {
                    Endpoint = url,
                    Name = Name,
                    ConnectionTimeout = pauses.Connect,
                    AdditionalHeaders = settings.Headers.ToDictionary(),
                },
                loggers);
        }

        var environment = StdioClientTransportOptions.GetDefaultEnvironmentVariables();
        foreach (var (name, value) in settings.Environment)
        {
            environment[name] = value;
        }

        return new StdioClientTransport(
            new StdioClientTransportOptions
            {
                Command = settings.Command!,
                Arguments = [.. settings.Arguments],
                Name = Name,
                WorkingDirectory = settings.Folder,
                InheritEnvironmentVariables = false,
                EnvironmentVariables = environment,
                ShutdownTimeout = pauses.Stop,
                StandardErrorLines = line => LogSaid(Name, line),
            },
            loggers);
    }

    private McpClientOptions Options() => new()
    {
        ClientInfo = new Implementation { Name = "crescent", Version = ProductVersion.Number },
        InitializationTimeout = pauses.Connect,
    };

    [LoggerMessage(Level = LogLevel.Information, Message = "The MCP server {Server} is there with {Count} tools.")]
    private partial void LogThere(string server, int count);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The MCP server {Server} is away: {Why}. It is tried again in {Seconds} s.")]
    private partial void LogAway(string server, string why, double seconds);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The MCP server {Server} has no tool {Tool}, which is allowed; it has {Tools}.")]
    private partial void LogMissing(string server, string tool, string tools);

    [LoggerMessage(Level = LogLevel.Debug, Message = "{Server}: {Line}")]
    private partial void LogSaid(string server, string line);
}
