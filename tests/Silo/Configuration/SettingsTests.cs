using Crescent.Engine.Scheduling;
using Crescent.Silo;
using Crescent.Silo.Configuration;

namespace Crescent.Tests.Silo.Configuration;

public sealed class SettingsTests
{
    [Fact]
    public void Without_settings_all_options_are_valid()
    {
        var configuration = Settings.Load([]);
        Assert.Equal(3, Settings.Read<ClusterOptions>(configuration).Silos);
        Assert.Equal("http://127.0.0.1:8080", Settings.Read<HttpOptions>(configuration).Urls);
        var serving = new ServingOptions();
        Assert.Equal(["cpu"], serving.DeviceNames);
        Assert.Equal([ServingOptions.EmbeddedPath], serving.Plan.Models);
    }

    [Fact]
    public void The_help_of_every_number_gives_its_range()
    {
        string[] numbers = ["count", "factor", "MiB", "share", "ms", "seconds", "bytes", "steps"];
        foreach (var setting in Settings.All.Where(s => numbers.Contains(s.Argument)))
        {
            Assert.Matches(@"\d to \d|up to \d", setting.Description);
        }
    }

    [Theory]
    [InlineData("Silos", "0", "1 to 32")]
    [InlineData("Silos", "33", "1 to 32")]
    [InlineData("SiloPort", "65536", "65535")]
    [InlineData("GatewayPort", "-1", "65535")]
    [InlineData("Name", "a/b", "letters")]
    [InlineData("ClusterId", "..", "letters")]
    [InlineData("Silos", "many", "many")]
    [InlineData("Role", "boss", "boss")]
    public void A_wrong_cluster_setting_is_named_with_what_it_takes(string key, string value, string said)
    {
        Wrong<ClusterOptions>(key, value, said);
    }

    [Theory]
    [InlineData("Threads", "-1", "0 (share the cores) to 1024")]
    [InlineData("Threads", "1025", "1024")]
    [InlineData("KvBlocks", "7", "8 to 16777216")]
    [InlineData("KvType", "q4_0", "f16, q8_0, f32")]
    [InlineData("KvType", "F16", "f16, q8_0, f32")]
    [InlineData("Activations", "int4", "int8, int16")]
    [InlineData("Instructions", "sse", "auto, avx512-vnni")]
    [InlineData("KvHostMib", "-1", "0 (none) to 16777216")]
    [InlineData("KvHostMib", "16777217", "16777216")]
    [InlineData("KvHostFolder", "/tmp", "--kv-host-mib")]
    [InlineData("Draft", "nowhere/none.gguf", "none.gguf")]
    [InlineData("DraftTokens", "0", "1 to 16")]
    [InlineData("DraftTokens", "17", "1 to 16")]
    [InlineData("DraftTokens", "5", "--draft")]
    [InlineData("Devices", "cpu,1", "one GPU a device")]
    [InlineData("Devices", "cuda:all,1", "cuda:N,M (one device of several)")]
    [InlineData("Devices", "cuda:0,0", "cuda:0 twice")]
    [InlineData("Devices", "cuda:0,1,cuda:2,1", "cuda:1 twice, in cuda:0+1 and cuda:2+1")]
    [InlineData("Devices", "cuda:0,1,2,3,4,5,6,7,8", "at most 8")]
    [InlineData("Devices", "cuda:0+", "cuda:N")]
    [InlineData("Devices", "cuda:x", "cuda:N")]
    [InlineData("Devices", "cuda:0,cuda:0", "twice")]
    [InlineData("Speed", "0", "above 0")]
    [InlineData("Devices", "cpu,cpu", "twice")]
    [InlineData("Devices", "cpu:300", "cpu")]
    [InlineData("Devices", " ", "cpu")]
    [InlineData("Model", "nowhere/none.gguf", "none.gguf")]
    public void A_wrong_serving_setting_is_named_with_what_it_takes(string key, string value, string said)
    {
        Wrong<ServingOptions>(key, value, said);
    }

    [Theory]
    [InlineData("StepTokens", "15", "0 (the device's choice) or 16 to 8192")]
    [InlineData("StepTokens", "8193", "8192")]
    [InlineData("MaxRunning", "-1", "0 (the device's choice) or 1 to 8192")]
    [InlineData("MaxWaiting", "1048577", "1048576")]
    [InlineData("PromptShare", "0", "0.05 to 1")]
    [InlineData("PromptShare", "1.1", "0.05 to 1")]
    [InlineData("PromptShare", "NaN", "0.05 to 1")]
    [InlineData("ItlMs", "0.5", "0 (no promise) or 1 to 60000")]
    [InlineData("BatchItlMs", "60001", "0 (no promise) or 1 to 60000")]
    [InlineData("AgingSeconds", "0", "0.1 to 3600")]
    [InlineData("Watermark", "0.6", "0 to 0.5")]
    [InlineData("QueueOrder", "lifo", "lifo")]
    [InlineData("KeepPrograms", "maybe", "maybe")]
    [InlineData("HoldBatch", "maybe", "maybe")]
    [InlineData("HoldSeconds", "0", "1 to 3600")]
    [InlineData("PrefixCache", "maybe", "maybe")]
    [InlineData("Tenants:acme", "0", "0.01 to 100")]
    [InlineData("Tenants:acme", "101", "0.01 to 100")]
    public void A_wrong_scheduling_setting_is_named_with_what_it_takes(string key, string value, string said)
    {
        Wrong<ServingOptions>($"Scheduling:{key}", value, said);
    }

    [Fact]
    public void What_is_set_of_the_scheduler_reaches_the_engine_and_the_rest_suits_the_device()
    {
        var configuration = Settings.Load(new Dictionary<string, string?>
        {
            ["Crescent:Scheduling:StepTokens"] = "1024",
            ["Crescent:Scheduling:PromptShare"] = "0.25",
            ["Crescent:Scheduling:ItlMs"] = "80",
            ["Crescent:Scheduling:BatchItlMs"] = "0",
            ["Crescent:Scheduling:AgingSeconds"] = "3",
            ["Crescent:Scheduling:QueueOrder"] = "fcfs",
            ["Crescent:Scheduling:KeepPrograms"] = "false",
            ["Crescent:Scheduling:HoldBatch"] = "false",
            ["Crescent:Scheduling:HoldSeconds"] = "9",
            ["Crescent:Scheduling:PrefixCache"] = "false",
            ["Crescent:Scheduling:Watermark"] = "0.05",
            ["Crescent:Scheduling:Tenants:acme"] = "2.5",
        });
        var engine = Settings.Read<ServingOptions>(configuration).Scheduling.Engine(512, 64, 100);
        engine.Validate();
        Assert.Equal((1024, 64, 100), (engine.MaxStepTokens, engine.MaxRunning, engine.MaxWaiting));
        Assert.Equal((0.25, 0.08, double.PositiveInfinity), (engine.PromptShare, engine.ItlSeconds, engine.BatchItlSeconds));
        Assert.Equal((TimeSpan.FromSeconds(3), false, 0.05), (engine.Aging, engine.PrefixCache, engine.Watermark));
        Assert.Equal((QueueOrder.Fcfs, false, null, TimeSpan.FromSeconds(9)), (engine.QueueOrder, engine.KeepsPrograms, engine.HeldFrom, engine.LongestHold));
        Assert.Equal(2.5, engine.TenantWeights["acme"]);
    }

    [Theory]
    [InlineData("Urls", "127.0.0.1:8080", "http://HOST:PORT")]
    [InlineData("Urls", "https://127.0.0.1:8080", "http://HOST:PORT")]
    [InlineData("Urls", "http://127.0.0.1:80800", "http://HOST:PORT")]
    [InlineData("Urls", "http://127.0.0.1:80;nonsense", "nonsense")]
    [InlineData("MaxBodyBytes", "1", "1024 to")]
    [InlineData("MaxRequests", "0", "1 to")]
    [InlineData("RequestSeconds", "0", "1 to")]
    public void A_wrong_HTTP_setting_is_named_with_what_it_takes(string key, string value, string said)
    {
        Wrong<HttpOptions>(key, value, said);
    }

    [Theory]
    [InlineData("GrammarMib", "7", "8 to 1048576")]
    [InlineData("GrammarStates", "999", "1000 to 10000000")]
    [InlineData("GrammarSeconds", "0", "0.01 to 600")]
    [InlineData("GrammarSeconds", "NaN", "0.01 to 600")]
    [InlineData("GrammarWork", "9999", "10000 to")]
    public void A_wrong_grammar_setting_is_named_with_what_it_takes(string key, string value, string said)
    {
        Wrong<GrammarOptions>(key, value, said);
    }

    [Theory]
    [InlineData(GrammarOptions.MinGrammarMib)]
    [InlineData(GrammarOptions.DefaultGrammarMib)]
    [InlineData(GrammarOptions.MaxGrammarMib)]
    public void Memory_for_grammars_makes_limits_that_fit_each_other(int mib)
    {
        var limits = new GrammarOptions { GrammarMib = mib }.Limits;
        limits.Validate();
        Assert.Equal((long)mib << 20, limits.CacheBytes + limits.AllStoresBytes);
    }

    [Fact]
    public void A_folder_that_is_not_there_and_a_tier_or_a_draft_of_simulated_devices_are_refused()
    {
        var folder = Assert.Single(new ServingOptions { KvHostMib = 1, KvHostFolder = "nowhere/none" }.Problems());
        Assert.Contains(Path.Combine("nowhere", "none"), folder, StringComparison.Ordinal);
        var simulated = new ServingOptions { Devices = "sim:h100-sxm:tp8", Model = "sim:llama-3-70b-fp8" };
        Assert.Empty(simulated.Problems());
        simulated.Draft = TestFiles.TinyModel;
        Assert.Contains("--draft", Assert.Single(simulated.Problems()), StringComparison.Ordinal);
        simulated.Draft = null;
        simulated.KvHostMib = 1;
        Assert.Contains("simulated", Assert.Single(simulated.Problems()), StringComparison.Ordinal);
    }

    [Fact]
    public void Several_devices_have_numbers()
    {
        var serving = new ServingOptions { Devices = "cpu:0, cpu:1", Model = TestFiles.TinyModel };
        Assert.Empty(serving.Problems());
        Assert.Equal(["cpu:0", "cpu:1"], serving.DeviceNames);
    }

    [Fact]
    public async Task Every_setting_has_an_option_that_sets_its_key()
    {
        foreach (var setting in Settings.All)
        {
            IReadOnlyDictionary<string, string?>? given = null;
            var exit = await CommandLine.Create((values, _) =>
            {
                given = values;
                return Task.FromResult(5);
            }).Parse([setting.Option, "value"]).InvokeAsync(cancellationToken: TestContext.Current.CancellationToken);
            Assert.Equal(5, exit);
            Assert.Equal([new KeyValuePair<string, string?>(setting.Key, "value")], given!);
        }
    }

    [Fact]
    public void The_command_line_goes_before_the_environment()
    {
        var variable = Settings.KvBlocks.Key.Replace(":", "__", StringComparison.Ordinal);
        Environment.SetEnvironmentVariable(variable, "100");
        try
        {
            Assert.Equal("100", Settings.Load([])[Settings.KvBlocks.Key]);
            Assert.Equal("200", Settings.Load([new(Settings.KvBlocks.Key, "200")])[Settings.KvBlocks.Key]);
        }
        finally
        {
            Environment.SetEnvironmentVariable(variable, null);
        }
    }

    private static void Wrong<T>(string key, string value, string said) where T : class, IChecked, new()
    {
        var path = $"{Settings.Section}:{key}";
        var exception = Assert.Throws<StartException>(() => Settings.Read<T>(Settings.Load([new(path, value)])));
        Assert.Contains(path, exception.Message, StringComparison.Ordinal);
        Assert.Contains(said, exception.Message, StringComparison.Ordinal);
    }
}
