using Crescent.Silo.Stores;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using Crescent.Engine.Model;
using Crescent.Engine.Sampling.Grammars;
using Crescent.Grains.Contracts.Power;
using Crescent.Grains.Metrics;
using Crescent.Grains.Models;
using Crescent.Grains.Streams;
using Crescent.Grains.Telemetry;
using Crescent.Grains.Turns;
using Crescent.Silo.Admission;
using Crescent.Silo.Api;
using Crescent.Silo.Configuration;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;

namespace Crescent.Tests.Silo.Api;

/// <summary>The HTTP front end on a free port, over a scripted generation instead of a cluster.</summary>
internal sealed class TestFront : IAsyncDisposable
{
    // Opened once for all fronts, and never closed: nothing of it changes.
    private static readonly Lazy<LanguageModel> Embedded = new(static () => LanguageModel.Open(TestFiles.TinyModel));

    private readonly WebApplication _app;
    private readonly LanguageModel _model;

    private TestFront(WebApplication app, LanguageModel model)
    {
        _app = app;
        _model = model;
        Http = new HttpClient { BaseAddress = new Uri(app.Urls.First()) };
    }

    public HttpClient Http { get; }

    public LanguageModel Model => _model;

    public string ModelId => _app.Services.GetRequiredService<ModelCatalogue>().Default.Id;

    public IServiceProvider Services => _app.Services;

    public TextWork Texts => _app.Services.GetRequiredService<TextWork>();

    public WorkBudget Work => _app.Services.GetRequiredService<WorkBudget>();

    public RequestGate Gate => _app.Services.GetRequiredService<RequestGate>();

    public static async Task<TestFront> Start(IGenerationService generation, HttpOptions? options = null, double drainSeconds = 10, TimeProvider? time = null, TextWork? texts = null, GrammarLimits? grammars = null, AuthOptions? auth = null, string? model = null)
    {
        var opened = model is null ? Embedded.Value : LanguageModel.Open(model);
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore();
        builder.Services.AddRoutingCore();
        options ??= new HttpOptions();
        options.Urls = "http://127.0.0.1:0";
        options.WarmUpSeconds = 0;
        builder.AddHttpApi(
            options, auth ?? new AuthOptions(), new ModelCatalogue([new ServedModel(opened, new GrammarCache(opened.Tokenizer, grammars), DateTimeOffset.UnixEpoch)]));
        builder.Services.AddSingleton(new StoreState("nowhere"));
        builder.Services.AddSingleton(time ?? TimeProvider.System);
        builder.Services.AddSingleton(texts ?? new TextWork());
        builder.Services.AddSingleton(generation);
        builder.Services.AddSingleton<IDeviceReports>(new OneDevice());
        builder.Services.AddSingleton<ITurnStore>(new OneShelf());
        builder.Services.AddSingleton<IKvIndexState>(new OneStaleCache());
        builder.Services.AddSingleton<IStreamCounts>(new SomeStreams());
        builder.Services.AddSingleton<IPowerStand>(new OneRack());
        builder.Services.Configure<GenerationOptions>(o => o.DrainSeconds = drainSeconds);
        var app = builder.Build();
        app.MapHttpApi();
        await app.StartAsync(TestContext.Current.CancellationToken);
        return new TestFront(app, opened);
    }

    /// <summary>Posts <paramref name="body"/> as JSON.</summary>
    public Task<HttpResponseMessage> Post(string path, string body, string contentType = "application/json")
    {
        var content = new ByteArrayContent(Encoding.UTF8.GetBytes(body));
        content.Headers.ContentType = MediaTypeHeaderValue.Parse(contentType);
        return Http.SendAsync(
            new HttpRequestMessage(HttpMethod.Post, path) { Content = content },
            HttpCompletionOption.ResponseHeadersRead,
            TestContext.Current.CancellationToken);
    }

    /// <summary>Waits for a condition, and fails where it does not come.</summary>
    public static async Task Until(Func<bool> condition, string what)
    {
        var deadline = TimeSpan.FromSeconds(60);
        var began = TimeProvider.System.GetTimestamp();
        while (!condition())
        {
            Assert.True(TimeProvider.System.GetElapsedTime(began) < deadline, $"After {deadline.TotalSeconds} s it is not so that {what}.");
            await Task.Delay(20, TestContext.Current.CancellationToken);
        }
    }

    /// <summary>Stops it as the silo's stop does.</summary>
    public Task Stop() => _app.StopAsync(TestContext.Current.CancellationToken);

    /// <summary>The body of an answer as JSON.</summary>
    public static async Task<JsonNode> Json(HttpResponseMessage answer) =>
        JsonNode.Parse(await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken))!;

    private sealed class OneStaleCache : IKvIndexState
    {
        public KvIndexState State() => new(Devices: 2, Stale: 1, Blocks: 345, Predictions: 0, Events: 678, Gaps: 9, Repairs: 8);
    }

    private sealed class OneShelf : ITurnStore
    {
        private readonly TurnShelf _shelf = new(1 << 20, 1 << 20);

        public Task<bool> Keep(string tenant, StoredTurn turn) => Task.FromResult(_shelf.Keep(tenant, turn));

        public Task<StoredTurn?> Find(string tenant, string id) => Task.FromResult(_shelf.Find(tenant, id));

        public Task<IReadOnlyList<StoredTurn>?> Chain(string tenant, string id) => Task.FromResult(_shelf.Chain(tenant, id));

        public Task<bool> Remove(string tenant, string id) => Task.FromResult(_shelf.Remove(tenant, id));
    }

    private sealed class SomeStreams : IStreamCounts
    {
        public long Moved => 7;

        public long Resumed => 2;
    }

    private sealed class OneRack : IPowerStand
    {
        public IReadOnlyList<PowerLevelSnapshot> Levels { get; } = [new() { Kind = "rack", Name = "r1", BudgetWatts = 9000, Watts = 8500, CapWatts = 8900, Price = 1.5 }];
    }

    private sealed class OneDevice : IDeviceReports
    {
        public IReadOnlyList<(string Silo, DeviceReport Report)> Newest() =>
        [
            ("device-1", new DeviceReport
            {
                Device = "cpu", Profile = Control.Placement.Views.Gpu, Model = "Crescent Tiny", Running = 3, Waiting = 2, Draining = true, OutOfService = true, FreeBlocks = 25, TotalBlocks = 100, PrefixQueryTokens = 64, PrefixHitTokens = 48,
            }),
        ];
    }

    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        await _app.DisposeAsync();
        if (_model != Embedded.Value)
        {
            _model.Dispose();
        }
    }
}
