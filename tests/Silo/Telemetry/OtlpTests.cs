using System.Collections.Concurrent;
using System.Text;
using Crescent.Silo.Configuration;
using Crescent.Silo.Ops;
using Crescent.Silo.Telemetry;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;

namespace Crescent.Tests.Silo.Telemetry;

/// <summary>What a collector gets, by OTLP over HTTP. Texts in its messages are UTF-8: names are looked for as they stand.</summary>
public sealed class OtlpTests
{
    [Fact]
    public async Task A_collector_gets_spans_the_same_metrics_as_Prometheus_and_the_log()
    {
        await using var collector = await Collector.Start();
        await using var silo = await TelemetrySilo.Start(
            "told",
            (Settings.OtlpEndpoint.Key, collector.Url),
            ("OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf"),
            ("OTEL_EXPORTER_OTLP_HEADERS", "x-key=abc"),
            ("OTEL_METRIC_EXPORT_INTERVAL", "300"),
            ("OTEL_BSP_SCHEDULE_DELAY", "200"),
            ("OTEL_BLRP_SCHEDULE_DELAY", "200"),
            ("OTEL_BLRP_MAX_QUEUE_SIZE", "1000000"));
        await silo.Post("/v1/chat/completions", """{"messages":[{"role":"user","content":"zebrafinch"}],"max_tokens":4}""");
        await Grains.FactoryCluster.Until(() => collector.Got("/v1/traces", "POST /v1/chat/completions") && collector.Got("/v1/traces", "prefill"), "the collector has the spans");
        await Grains.FactoryCluster.Until(() => collector.Got("/v1/metrics", "gen_ai.server.time_to_first_token"), "the collector has the metrics");
        var prometheus = await silo.Http.GetStringAsync("/metrics", TestContext.Current.CancellationToken);
        foreach (var name in new[] { "hw.power", "hw.energy", "vllm.num_requests_running", "vllm.request_success", "crescent.request.queue", "crescent.tokens_per_joule", "crescent.placement.decisions", "crescent.streams.open" })
        {
            await Grains.FactoryCluster.Until(() => collector.Got("/v1/metrics", name), $"the collector has {name}");
        }

        Assert.Contains("vllm:num_requests_running", prometheus, StringComparison.Ordinal);
        var (refused, _) = await silo.Post("/v1/chat/completions", """{"messages":[{"role":"zebrafinch","content":"x"}]}""", (RequestIds.Header, "told-2"));
        Assert.Equal(System.Net.HttpStatusCode.BadRequest, refused.StatusCode);
        await Grains.FactoryCluster.Until(() => collector.Got("/v1/logs", "refused with 400: invalid_value messages[0].role") && collector.Got("/v1/logs", "told-2"), "the collector has the log");
        foreach (var path in new[] { "/v1/traces", "/v1/metrics", "/v1/logs" })
        {
            Assert.False(collector.Got(path, "zebrafinch"), path);
        }

        Assert.True(collector.Got("/v1/traces", "told") && collector.HadKey);
    }

    [Theory]
    [InlineData(null, false, "device-1")]
    [InlineData("deployment.environment=test", true, "device-1")]
    [InlineData("deployment.environment=test, service.instance.id=a%20b", false, "a b")]
    [InlineData("service.instance.id=epj,x=y", true, "epj-device-1")]
    public void Silos_of_one_start_are_told_from_one_another(string? attributes, bool isShared, string instance) =>
        Assert.Equal(instance, TelemetryHost.InstanceOf(attributes, "device-1", isShared));

    [Fact]
    public async Task A_collector_that_is_not_there_holds_up_no_call()
    {
        await using var silo = await TelemetrySilo.Start("untold", (Settings.OtlpEndpoint.Key, "http://127.0.0.1:9"), ("OTEL_BSP_SCHEDULE_DELAY", "100"), ("OTEL_BLRP_SCHEDULE_DELAY", "100"));
        for (var i = 0; i < 3; i++)
        {
            var (answer, _) = await silo.Post("/v1/chat/completions", """{"messages":[{"role":"user","content":"Hello"}],"max_tokens":4}""");
            Assert.True(answer.IsSuccessStatusCode);
        }
    }

    /// <summary>Keeps what it is sent.</summary>
    private sealed class Collector : IAsyncDisposable
    {
        private readonly WebApplication _app;
        private readonly ConcurrentQueue<(string Path, string Body)> _got = [];

        private Collector(WebApplication app)
        {
            _app = app;
            app.Run(async http =>
            {
                using var body = new MemoryStream();
                await http.Request.Body.CopyToAsync(body);
                _got.Enqueue((http.Request.Path, Encoding.Latin1.GetString(body.ToArray())));
                HadKey |= http.Request.Headers["x-key"] == "abc";
            });
        }

        public string Url => _app.Urls.First();

        public bool HadKey { get; private set; }

        public static async Task<Collector> Start()
        {
            var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
            builder.WebHost.UseKestrelCore().UseUrls("http://127.0.0.1:0");
            builder.Services.AddRoutingCore();
            var collector = new Collector(builder.Build());
            await collector._app.StartAsync(TestContext.Current.CancellationToken);
            return collector;
        }

        public bool Got(string path, string text) => _got.Any(got => got.Path == path && got.Body.Contains(text, StringComparison.Ordinal));

        public ValueTask DisposeAsync() => _app.DisposeAsync();
    }
}
