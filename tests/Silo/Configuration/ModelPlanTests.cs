using Crescent.Silo.Configuration;

namespace Crescent.Tests.Silo.Configuration;

public sealed class ModelPlanTests
{
    [Fact]
    public void Without_a_word_all_devices_serve_the_embedded_model()
    {
        var plan = ModelPlan.Read(new ServingOptions());
        Assert.Equal([("cpu", ServingOptions.EmbeddedPath)], plan.Devices);
        Assert.Equal([ServingOptions.EmbeddedPath], plan.Models);
    }

    [Fact]
    public void Devices_with_models_of_their_own_are_numbered_and_the_first_is_the_default()
    {
        var plan = ModelPlan.Read(new ServingOptions { Devices = "cpu=/m/a.gguf, cpu=/m/b.gguf" });
        Assert.Equal([("cpu:0", "/m/a.gguf"), ("cpu:1", "/m/b.gguf")], plan.Devices);
        Assert.Equal(["/m/a.gguf", "/m/b.gguf"], plan.Models);
    }

    [Fact]
    public void A_device_without_one_serves_the_common_model_which_is_the_default()
    {
        var plan = ModelPlan.Read(new ServingOptions { Model = "/m/c.gguf", Devices = "cpu:0,cpu:1=/m/a.gguf" });
        Assert.Equal([("cpu:0", "/m/c.gguf"), ("cpu:1", "/m/a.gguf")], plan.Devices);
        Assert.Equal(["/m/c.gguf", "/m/a.gguf"], plan.Models);
    }

    [Fact]
    public void Models_for_later_have_names_that_devices_and_requests_use()
    {
        var plan = ModelPlan.Read(new ServingOptions { Model = "big", Models = "big=/m/a.gguf, /m/b.gguf", Aliases = "gpt-4o=big, o3=gpt-4o" });
        Assert.Equal([("cpu", "/m/a.gguf")], plan.Devices);
        Assert.Equal(["/m/a.gguf", "/m/b.gguf"], plan.Models);
        Assert.Equal([new("big", "/m/a.gguf"), new("gpt-4o", "big"), new("o3", "gpt-4o")], plan.Aliases);
    }

    [Fact]
    public void Numbers_behind_a_gpu_join_it_in_both_spellings_and_silos_share_such_devices_out_whole()
    {
        var options = new ServingOptions { Devices = "cuda:0,1=/m/a.gguf, cuda:2+3=/m/b.gguf, cpu=/m/c.gguf,cuda:4=/m/a.gguf,cuda:5=/m/d.gguf" };
        Assert.Equal(
            [("cuda:0+1", "/m/a.gguf"), ("cuda:2+3", "/m/b.gguf"), ("cpu", "/m/c.gguf"), ("cuda:4", "/m/a.gguf"), ("cuda:5", "/m/d.gguf")], ModelPlan.Read(options).Devices);
        Assert.Equal([2, 3], CudaDevices.NumbersOf("cuda:2+3"));
        Assert.Equal(4 + 3, options.DevicesOf(3));
        Assert.Equal("cuda:0+1+2+3", Assert.Single(ModelPlan.Read(new ServingOptions { Devices = "cuda:0, 1,2 ,3" }).Devices).Device);
        Assert.Equal(["cpu", "cuda:0"], ModelPlan.Read(new ServingOptions { Devices = "cpu,cuda:0" }).Devices.Select(static device => device.Device));
    }

    [Theory]
    [InlineData("cpu=", null, null, "names no model behind '='")]
    [InlineData("cuda:0=/m/a.gguf,1", null, null, "as in cuda:0,1=PATH")]
    [InlineData("cpu", "a=/m/a.gguf,A=/m/b.gguf", null, "--models")]
    [InlineData("cpu", null, "gpt-4o", "--aliases")]
    public void What_cannot_be_read_is_told(string devices, string? models, string? aliases, string told)
    {
        var options = new ServingOptions { Devices = devices, Models = models, Aliases = aliases };
        Assert.Contains(told, Assert.Throws<FormatException>(() => ModelPlan.Read(options)).Message, StringComparison.Ordinal);
        Assert.Contains(told, Assert.Single(options.Problems()), StringComparison.Ordinal);
    }

    [Fact]
    public void A_device_that_is_named_twice_without_models_is_told()
    {
        Assert.Contains(new ServingOptions { Devices = "cpu,cpu" }.Problems(), static p => p.Contains("names a device twice", StringComparison.Ordinal));
    }

    [Fact]
    public void Simulated_devices_have_a_model_each()
    {
        var serving = new ServingOptions { Devices = "sim:h100-sxm*2=sim:llama-3-8b-fp8,sim:h100-sxm*1:tp4=sim:llama-3-70b-fp8" };
        Assert.Empty(serving.Problems());
        var simulated = serving.Simulated()!;
        Assert.Equal(3, simulated.Count);
        Assert.Equal(["sim:llama-3-8b-fp8", "sim:llama-3-70b-fp8"], simulated.Groups.Select(static g => g.Model));
        Assert.Equal("sim:llama-3-70b-fp8", simulated.NameOf("sim:llama-3-70b-fp8"));
    }
}
