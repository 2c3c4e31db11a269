using System.Collections.Concurrent;
using Crescent.Silo.Configuration;
using Crescent.Silo.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Console;

namespace Crescent.Tests.Silo.Telemetry;

/// <summary>A silo that does all, with settings of a test, and all that it logs at whatever level.</summary>
internal sealed class TelemetrySilo : IAsyncDisposable
{
    private readonly TemporaryFolder _folder;
    private readonly SiloHost _silo;
    private bool _hasEnded;

    private TelemetrySilo(TemporaryFolder folder, SiloHost silo, LogKeeper log)
    {
        _folder = folder;
        _silo = silo;
        Log = log;
        Http = new HttpClient { BaseAddress = new Uri(silo.Urls[0]) };
    }

    public HttpClient Http { get; }

    public LogKeeper Log { get; }

    /// <summary>Starts it.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="settings">By their keys.</param>
    public static async Task<TelemetrySilo> Start(string name, params (string Key, string Value)[] settings)
    {
        var folder = new TemporaryFolder();
        var log = new LogKeeper();
        var identity = SiloIdentity.Resolve(new ClusterOptions { Name = name, MembershipFile = Path.Combine(folder.Path, "membership.json") });
        var silo = SiloHost.Build(
            Settings.Load(
            [
                new(Settings.Urls.Key, "http://127.0.0.1:0"), new(Settings.KvBlocks.Key, "512"), new(Settings.LogLevel.Key, "trace"), new(Settings.WarmUpSeconds.Key, "0"), new("Logging:LogLevel:Default", "Trace"),
                .. settings.Select(static s => KeyValuePair.Create(s.Key, (string?)s.Value)),
            ]),
            identity,
            services =>
            {
                // The keeper in the console's place; OpenTelemetry's stays.
                services.Remove(services.Single(static service => service.ImplementationType == typeof(ConsoleLoggerProvider)));
                services.AddLogging(logging => logging.AddProvider(log));
            });
        await silo.Start(TestContext.Current.CancellationToken);
        var started = new TelemetrySilo(folder, silo, log);
        await Grains.FactoryCluster.UntilAsync(async () => (await started.Http.GetAsync("/health", TestContext.Current.CancellationToken)).IsSuccessStatusCode, "it serves");
        return started;
    }

    /// <summary>Posts JSON, and reads the answer to its end.</summary>
    public async Task<(HttpResponseMessage Answer, string Text)> Post(string path, string body, params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = new StringContent(body, System.Text.Encoding.UTF8, "application/json") };
        foreach (var (name, value) in headers)
        {
            request.Headers.Add(name, value);
        }

        var answer = await Http.SendAsync(request, TestContext.Current.CancellationToken);
        return (answer, await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
    }

    /// <summary>Ends it, so that all is told that is to be told.</summary>
    public async Task Stop()
    {
        if (!_hasEnded)
        {
            _hasEnded = true;
            await _silo.Stop();
            await _silo.DisposeAsync();
        }
    }

    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        await Stop();
        _folder.Dispose();
    }

    /// <summary>Keeps lines with all that they stand in.</summary>
    internal sealed class LogKeeper : ILoggerProvider, ISupportExternalScope
    {
        private IExternalScopeProvider _scopes = new LoggerExternalScopeProvider();

        public ConcurrentQueue<string> Lines { get; } = [];

        public ILogger CreateLogger(string categoryName) => new Keeper(this, categoryName);

        public void SetScopeProvider(IExternalScopeProvider scopeProvider) => _scopes = scopeProvider;

        public void Dispose()
        {
        }

        private sealed class Keeper(LogKeeper keeper, string category) : ILogger
        {
            public IDisposable? BeginScope<TState>(TState state)
                where TState : notnull => keeper._scopes.Push(state);

            public bool IsEnabled(LogLevel logLevel) => true;

            public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
            {
                var line = $"{logLevel} {category}: {formatter(state, exception)} {exception}";
                keeper._scopes.ForEachScope((scope, _) => line += $" => {scope}", 0);
                keeper.Lines.Enqueue(line);
            }
        }
    }
}
