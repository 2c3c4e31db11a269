using Crescent.Engine.Devices.Simulated;

namespace Crescent.Tests.Engine.Devices.Simulated;

public sealed class SimulatedDeviceSpecTests
{
    [Theory]
    [InlineData("sim:h100-sxm*92:tp8", "h100-sxm", 92, 8)]
    [InlineData("sim:h100", "h100-sxm", 1, 1)]
    [InlineData("SIM:B200:TP2", "b200", 1, 2)]
    [InlineData("sim:gb200*3", "gb200", 3, 1)]
    [InlineData("sim:gb200:tp72", "gb200", 1, 72)]
    public void A_spec_says_which_gpus_how_many_groups_and_how_large(string text, string gpu, int count, int tensorParallel)
    {
        var spec = SimulatedDeviceSpec.Parse(text);
        Assert.Equal((gpu, count, tensorParallel), (spec.Gpu.Name, spec.Count, spec.TensorParallel));
        Assert.Equal(count * tensorParallel, spec.GpuCount);
        Assert.Equal(spec, SimulatedDeviceSpec.Parse(spec.ToString()));
    }

    [Theory]
    [InlineData("h100", "no simulated device")]
    [InlineData("sim:", "names no GPU")]
    [InlineData("sim:h300", "'h300'. Known are a100-sxm")]
    [InlineData("sim:h100*0", "the count")]
    [InlineData("sim:h100*x:tp8", "not 'x'")]
    [InlineData("sim:h100:tp0", "the GPUs of a group")]
    [InlineData("sim:h100:pp8", "not 'pp8'")]
    [InlineData("sim:h100:tp16", "at most 8 GPUs")]
    [InlineData("sim:nowhere.json:tp8", "nowhere.json")]
    public void A_wrong_spec_is_refused_with_the_part_that_is_wrong(string text, string named) =>
        Assert.Contains(named, Assert.Throws<FormatException>(() => SimulatedDeviceSpec.Parse(text)).Message, StringComparison.Ordinal);

    [Fact]
    public void A_gpu_and_a_model_can_be_described_in_a_file()
    {
        using var folder = new TemporaryFolder();
        var gpu = Path.Combine(folder.Path, "x1.json");
        File.WriteAllText(
            gpu,
            """
            { "name": "x1", "description": "a GPU", "bf16Tflops": 100, "memoryGigabytes": 24, "memoryTerabytesPerSecond": 1, "linkGigabytesPerSecond": 30,
              "tdpWatts": 300, "minCapWatts": 100, "idleWatts": 20, "awakeWatts": 40, "decodeBaseWatts": 100, "decodeSpanWatts": 150, "decodeMidpoint": 3 }
            """);
        var spec = SimulatedDeviceSpec.Parse($"sim:{gpu}*2:tp4");
        Assert.Equal(("x1", 2, 4), (spec.Gpu.Name, spec.Count, spec.TensorParallel));

        var model = Path.Combine(folder.Path, "small.json");
        File.WriteAllText(
            model,
            """
            { "name": "small", "layers": 4, "width": 512, "heads": 8, "kvHeads": 2, "headSize": 64, "feedForwardWidth": 2048, "vocabulary": 1000,
              "contextLength": 4096, "precision": "BF16" }
            """);
        Assert.Equal(WeightPrecision.BF16, SimulatedModels.Find("sim:" + model).Precision);

        File.WriteAllText(gpu, File.ReadAllText(gpu).Replace("\"idleWatts\": 20", "\"idleWatts\": 200", StringComparison.Ordinal));
        Assert.Contains("IdleWatts", Assert.Throws<FormatException>(() => GpuModels.Find(gpu)).Message, StringComparison.Ordinal);
        File.WriteAllText(model, "{ \"layer\": 4 }");
        Assert.Contains(model, Assert.Throws<FormatException>(() => SimulatedModels.Find(model)).Message, StringComparison.Ordinal);
    }
}
