using System.Globalization;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Crescent.Engine.Devices;
using Crescent.Grains.Gpu;
using Crescent.Grains.Models;
using Crescent.Silo.Configuration;
using Crescent.Silo.Hosting;
using Microsoft.Extensions.DependencyInjection;

namespace Crescent.Tests.Silo;

/// <summary>Keys and values in eight bits and the host tier, from the settings to the metrics of a silo.</summary>
public sealed partial class HostTierTests
{
    private const int PromptTokens = 96;

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("f16", false, 2)]
    [InlineData("q8_0", true, 1.25)]
    public async Task An_evicted_prompt_comes_back_from_the_host_tier_with_the_same_answer(string kvType, bool inFile, double bytesAtMost)
    {
        using var folder = new TemporaryFolder();
        var tier = Directory.CreateDirectory(Path.Combine(folder.Path, "tier")).FullName;
        await using var silo = Build(folder, kvType, inFile ? tier : null);
        await silo.Start(Stop);
        Assert.Equal(inFile ? [Path.Combine(tier, "local-cpu.kv")] : [], Directory.GetFiles(tier));
        var shape = silo.Services.GetRequiredService<ModelCatalogue>().Default.Model.Graph.Config;
        var info = Assert.Single(silo.Services.GetRequiredService<DeviceRegistry>().Devices).Engine.Device;
        Assert.InRange(info.BlockBytes / (2.0 * shape.LayerCount * shape.KvWidth * info.BlockSize), bytesAtMost - 0.2, bytesAtMost);
        using var http = new HttpClient { BaseAddress = new Uri(silo.Urls[0]) };

        // The device has 16 blocks, a prompt and its answer take 7.
        var first = await Answer(http, 0);
        Assert.Equal(0, first.Cached);
        for (var other = 1; other <= 4; other++)
        {
            await Answer(http, other);
        }

        var again = await Answer(http, 0);
        Assert.Equal(first.Text, again.Text);
        Assert.Equal(PromptTokens - info.BlockSize, again.Cached);

        // On the device now.
        Assert.Equal(PromptTokens - info.BlockSize, (await Answer(http, 0)).Cached);
        var (device, host) = await Hits(http, until: 2 * (PromptTokens - info.BlockSize));
        Assert.Equal(PromptTokens - info.BlockSize, host);
        Assert.Equal(PromptTokens - info.BlockSize, device);
        await silo.Stop();
        await silo.DisposeAsync();
        Assert.Empty(Directory.GetFiles(tier));
    }

    [Fact]
    public async Task Two_clusters_with_one_folder_are_told()
    {
        using var folder = new TemporaryFolder();
        await using var silo = Build(folder, "f16", folder.Path);
        await silo.Start(Stop);
        using var otherFolder = new TemporaryFolder();
        await using var other = Build(otherFolder, "f16", folder.Path);
        var refused = await Assert.ThrowsAsync<StartException>(() => other.Start(Stop));
        Assert.Contains("local-cpu.kv", refused.Message, StringComparison.Ordinal);
        Assert.Contains(Settings.KvHostFolder.Option, refused.Message, StringComparison.Ordinal);
        await silo.Stop();
    }

    [Fact]
    public void A_tier_without_room_for_a_block_or_beyond_the_memory_is_refused()
    {
        var device = new DeviceInfo
        {
            Name = "cpu:1",
            Description = "",
            BlockSize = 16,
            BlockCount = 1,
            BlockBytes = 3 << 20,
            MaxStepTokens = 1,
            MaxLogitRows = 1,
            MaxContext = 1,
            VocabularySize = 1,
        };
        Assert.Equal(new HostTier(0, null), HostTier.Of(new ServingOptions(), "device-1", device));
        Assert.Equal(new HostTier(2, null), HostTier.Of(new ServingOptions { KvHostMib = 8 }, "device-1", device));
        Assert.Equal(
            new HostTier(2, Path.GetFullPath("device-1-cpu-1.kv")), HostTier.Of(new ServingOptions { KvHostMib = 8, KvHostFolder = "." }, "device-1", device));
        Refuses(2, "3 MiB");
        device = device with { StateSlots = 4, StateBytes = 7 << 20 };
        Assert.Equal(new HostTier(3, null), HostTier.Of(new ServingOptions { KvHostMib = 9 }, "device-1", device));
        Refuses(8, "7 MiB");
        Refuses(ServingOptions.MaxKvHostMib, Settings.KvHostFolder.Option);

        void Refuses(int mib, string said) => Assert.Contains(
            said, Assert.Throws<StartException>(() => HostTier.Of(new ServingOptions { KvHostMib = mib }, "device-1", device)).Message, StringComparison.Ordinal);
    }

    private static SiloHost Build(TemporaryFolder folder, string kvType, string? tier) => SiloHost.Build(
        Settings.Load(
        [
            new(Settings.Model.Key, TestFiles.TinyModel), new(Settings.Urls.Key, "http://127.0.0.1:0"), new(Settings.LogLevel.Key, "warning"), new(Settings.WarmUpSeconds.Key, "0"),
            new(Settings.Threads.Key, "1"), new(Settings.KvBlocks.Key, "16"), new(Settings.KvType.Key, kvType), new(Settings.KvHostMib.Key, "8"),
            new(Settings.KvHostFolder.Key, tier),
        ]),
        SiloIdentity.Resolve(new ClusterOptions { MembershipFile = Path.Combine(folder.Path, "membership.json") }));

    private static async Task<(string Text, int Cached)> Answer(HttpClient http, int seed)
    {
        var prompt = Enumerable.Range(0, PromptTokens).Select(i => 300 + ((i * 7) + (seed * 131)) % 1500);
        using var answer = await http.PostAsJsonAsync("/v1/completions", new { prompt, max_tokens = 8, temperature = 0, ignore_eos = true }, Stop);
        var json = await answer.Content.ReadFromJsonAsync<JsonObject>(Stop);
        Assert.True(answer.IsSuccessStatusCode, json?.ToJsonString());
        return ((string)json!["choices"]![0]!["text"]!, (int)json["usage"]!["prompt_tokens_details"]!["cached_tokens"]!);
    }

    /// <summary>Hits on the device and in the host tier, once the silo has told of <paramref name="until"/> of them.</summary>
    private static async Task<(double Device, double Host)> Hits(HttpClient http, double until)
    {
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(Stop);
        deadline.CancelAfter(TimeSpan.FromSeconds(30));
        while (true)
        {
            var text = await http.GetStringAsync("/metrics", deadline.Token);
            var (device, host) = (Value("vllm:prefix_cache_hits_total"), Value("crescent:prefix_cache_host_hits_total"));
            if (device + host >= until)
            {
                return (device, host);
            }

            await Task.Delay(20, deadline.Token);

            double Value(string name) => Sample().Matches(text).Where(m => m.Groups[1].Value == name)
                .Sum(static m => double.Parse(m.Groups[2].Value, CultureInfo.InvariantCulture));
        }
    }

    [GeneratedRegex(@"^(\S+)\{[^}]*\} (\S+)$", RegexOptions.Multiline)]
    private static partial Regex Sample();
}
