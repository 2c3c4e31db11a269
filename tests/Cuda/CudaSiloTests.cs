using System.Globalization;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Crescent.Grains.Contracts.Factory;
using Crescent.Silo.Configuration;
using Crescent.Silo.Hosting;
using Crescent.Tests.Engine.Model;
using Microsoft.Extensions.DependencyInjection;

namespace Crescent.Tests.Cuda;

/// <summary>Whole silos that serve on an emulated GPU, from the settings to the answers.</summary>
public sealed class CudaSiloTests : EmulatedCudaTest
{
    private const int IllegalAddress = 700;

    private static readonly string[] Questions = ["What is 23 + 48?", "What is the capital of France?", "Tom has 3 apples. He buys 2 bags with 4 apples each. How many apples does he have?", "What is 2 + 3?"];

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_chat_on_a_gpu_is_answered_as_on_the_processor()
    {
        var expected = await Expected();
        using var folder = new TemporaryFolder();
        await using var silo = Build(folder, "cuda:0");
        await silo.Start(Stop);
        using var http = new HttpClient { BaseAddress = new Uri(silo.Urls[0]) };
        var launches = EmulatedCuda.Counters(0).Launches;
        foreach (var (question, answer) in Questions.Zip(expected))
            Assert.Equal(answer, await Ask(http, question));
        Assert.True(EmulatedCuda.Counters(0).Launches > launches, "the GPU did nothing");
        await silo.Stop();
    }

    [Fact]
    public async Task A_chat_on_two_gpus_that_share_the_model_is_answered_as_on_the_processor_and_the_device_is_drained_by_its_name()
    {
        var expected = await Expected();
        using var folder = new TemporaryFolder();
        await using var silo = Build(folder, "cuda:0,1");
        await silo.Start(Stop);
        using var http = new HttpClient { BaseAddress = new Uri(silo.Urls[0]) };
        var launches = EmulatedCuda.Counters(1).Launches;
        foreach (var (question, answer) in Questions.Zip(expected))
            Assert.Equal(answer, await Ask(http, question));
        Assert.True(EmulatedCuda.Counters(1).Launches > launches, "the second GPU did nothing");
        var factory = silo.Services.GetRequiredService<IGrainFactory>().GetGrain<IFactoryGrain>(0);
        var device = Assert.Single((await factory.GetSnapshot(Stop)).Devices);
        Assert.Equal("cuda:0+1", device.Device);

        // A plus means itself in a path.
        http.DefaultRequestHeaders.Add("X-Crescent-Request", "1");
        foreach (var name in new[] { "cuda:0+1", Uri.EscapeDataString("cuda:0+1") })
        {
            var route = $"/v1/factory/devices/{Uri.EscapeDataString(device.Silo)}/{name}/drain";
            using var drained = await http.PostAsync(route, null, Stop);
            Assert.True(drained.IsSuccessStatusCode, await drained.Content.ReadAsStringAsync(Stop));
            using var back = await http.DeleteAsync(route, Stop);
            Assert.True(back.IsSuccessStatusCode, await back.Content.ReadAsStringAsync(Stop));
        }

        await silo.Stop();
    }

    [Fact]
    public async Task Streams_of_a_gpu_that_fails_for_good_go_on_on_the_processor_and_the_gpu_comes_back()
    {
        var expected = await Expected();
        using var folder = new TemporaryFolder();
        await using var silo = Build(folder, "cpu,cuda:0");
        await silo.Start(Stop);
        using var http = new HttpClient { BaseAddress = new Uri(silo.Urls[0]) };
        var before = EmulatedCuda.Counters(0).Launches;

        // Its first steps are done, so that streams have begun.
        EmulatedCuda.Fail(0, IllegalAddress, 250);
        async Task AskAll() => Assert.Equal(
            Enumerable.Repeat(expected, 4).SelectMany(static answers => answers),
            await Task.WhenAll(Enumerable.Repeat(Questions, 4).SelectMany(static questions => questions).Select(question => Ask(http, question))));
        var factory = silo.Services.GetRequiredService<IGrainFactory>().GetGrain<IFactoryGrain>(0);
        async Task<DeviceSnapshot> Gpu() => (await factory.GetSnapshot(Stop)).Devices.Single(static device => device.Device == "cuda:0");
        DeviceSnapshot? sick = null;
        var asking = AskAll();
        await Grains.FactoryCluster.UntilAsync(
            async () =>
            {
                if (asking.IsCompleted)
                {
                    await asking;
                    asking = AskAll();
                }

                sick = await Gpu();
                return sick.Fault is not null;
            },
            "the GPU has failed");
        await asking;
        Assert.Contains("CUDA_ERROR_ILLEGAL_ADDRESS (700)", sick!.Fault, StringComparison.Ordinal);
        Assert.True(EmulatedCuda.Counters(0).Launches > before, "the GPU did nothing");
        await Grains.FactoryCluster.UntilAsync(async () => await Gpu() is { Stage: "serving", Draining: false, Fault: null }, "the GPU serves again");

        // It is given calls as before.
        var again = EmulatedCuda.Counters(0).Launches;
        await AskAll();
        Assert.True(EmulatedCuda.Counters(0).Launches > again, "the GPU does nothing any more");
        await silo.Stop();
    }

    [Fact]
    public async Task A_hybrid_model_on_a_gpu_says_the_same_with_its_own_head_which_guesses()
    {
        using var model = HeadModels.Write(HeadModels.ThatIsRight(TestFiles.Shared("arch", "qwen35.gguf")));
        var texts = new List<string>();
        foreach (var draft in new[] { "", "head" })
        {
            using var folder = new TemporaryFolder();
            await using var silo = Build(folder, "cuda:0", model.Path, draft);
            await silo.Start(Stop);
            using var http = new HttpClient { BaseAddress = new Uri(silo.Urls[0]) };
            using var answer = await http.PostAsJsonAsync("/v1/completions", new { prompt = "a b c d e f g", max_tokens = 20, temperature = 0, ignore_eos = true }, Stop);
            var json = await answer.Content.ReadFromJsonAsync<JsonObject>(Stop);
            Assert.True(answer.IsSuccessStatusCode, json?.ToJsonString());
            texts.Add((string)json!["choices"]![0]!["text"]!);
            if (draft.Length > 0)
            {
                await Grains.FactoryCluster.UntilAsync(async () => RightGuesses(await http.GetStringAsync("/metrics", Stop)) is >= 10 and <= 19, "the head's guesses are counted");
            }

            await silo.Stop();
        }

        Assert.NotEmpty(texts[0]);
        Assert.Equal(texts[0], texts[1]);
    }

    private static double RightGuesses(string metrics) => metrics.Split('\n')
        .Where(static line => line.StartsWith("crescent:draft_accepted_tokens_total", StringComparison.Ordinal) && line.Contains("drafter=\"model\"", StringComparison.Ordinal))
        .Sum(static line => double.Parse(line[(line.LastIndexOf(' ') + 1)..], CultureInfo.InvariantCulture));

    private static async Task<string[]> Expected()
    {
        using var folder = new TemporaryFolder();
        await using var silo = Build(folder, "cpu");
        await silo.Start(Stop);
        using var http = new HttpClient { BaseAddress = new Uri(silo.Urls[0]) };
        var answers = new List<string>();
        foreach (var question in Questions)
            answers.Add(await Ask(http, question));
        await silo.Stop();
        return [.. answers];
    }

    private static async Task<string> Ask(HttpClient http, string question)
    {
        using var answer = await http.PostAsJsonAsync("/v1/chat/completions", new { messages = new[] { new { role = "user", content = question } }, max_tokens = 24, temperature = 0 }, Stop);
        var json = await answer.Content.ReadFromJsonAsync<JsonObject>(Stop);
        Assert.True(answer.IsSuccessStatusCode, json?.ToJsonString());
        var text = (string)json!["choices"]![0]!["message"]!["content"]!;
        Assert.NotEmpty(text);
        return text;
    }

    private static SiloHost Build(TemporaryFolder folder, string devices, string? model = null, string draft = "") => SiloHost.Build(
        Settings.Load(
        [
            .. draft.Length > 0 ? [new(Settings.Draft.Key, draft)] : Array.Empty<KeyValuePair<string, string?>>(), new(Settings.Model.Key, model ?? TestFiles.TinyModel), new(Settings.Urls.Key, "http://127.0.0.1:0"), new(Settings.LogLevel.Key, "warning"), new(Settings.WarmUpSeconds.Key, "0"),
            new(Settings.Threads.Key, "1"), new(Settings.KvBlocks.Key, "128"), new(Settings.Devices.Key, devices), new(Settings.Policy.Key, "round-robin"),
        ]),
        SiloIdentity.Resolve(new ClusterOptions { MembershipFile = Path.Combine(folder.Path, "membership.json") }));
}
