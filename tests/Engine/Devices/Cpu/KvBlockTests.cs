using Crescent.Engine.Devices;
using Crescent.Engine.Devices.Cpu;
using Crescent.Engine.Model;

namespace Crescent.Tests.Engine.Devices.Cpu;

/// <summary>Copying KV blocks: within the device, out of it and back.</summary>
public sealed class KvBlockTests
{
    private static readonly int[] Prompt = [.. Enumerable.Range(0, 40).Select(static i => 100 + (i * 7))];

    [Theory]
    [InlineData(KvType.F16)]
    [InlineData(KvType.F32)]
    [InlineData(KvType.Q8_0)]
    public void A_copied_block_serves_like_the_one_it_was_copied_from(KvType type)
    {
        using var model = LanguageModel.Open(TestFiles.TinyModel);
        using var device = new CpuDevice(model.Graph, new CpuDeviceOptions { KvBlocks = 8, KvType = type, Threads = 1 });
        Run(device, Prompt, 0, [0, 1, 2]);
        var expected = Run(device, [300], 40, [0, 1, 2]);
        device.CopyBlock(1, 5);
        device.CopyBlock(2, 6);
        Assert.Equal(expected, Run(device, [300], 40, [0, 5, 6]));
    }

    [Theory]
    [InlineData(KvType.F16)]
    [InlineData(KvType.Q8_0)]
    public void A_block_comes_back_from_the_host_as_it_went(KvType type)
    {
        using var model = LanguageModel.Open(TestFiles.TinyModel);
        using var device = new CpuDevice(model.Graph, new CpuDeviceOptions { KvBlocks = 8, KvType = type, Threads = 1 });
        Run(device, Prompt, 0, [0, 1, 2]);
        var expected = Run(device, [300], 40, [0, 1, 2]);
        var bytes = new byte[device.Info.BlockBytes];
        device.ReadBlock(1, bytes);

        // Something else overwrites it.
        Run(device, [.. Prompt.Reverse()], 0, [1, 3, 4]);
        Assert.NotEqual(expected, Run(device, [300], 40, [0, 1, 2]));
        device.WriteBlock(7, bytes);
        Assert.Equal(expected, Run(device, [300], 40, [0, 7, 2]));
    }

    [Fact]
    public void Eight_bits_take_little_more_than_half_the_memory()
    {
        using var model = LanguageModel.Open(TestFiles.TinyModel);
        using var half = new CpuDevice(model.Graph, new CpuDeviceOptions { KvBlocks = 1, Threads = 1 });
        using var eight = new CpuDevice(model.Graph, new CpuDeviceOptions { KvBlocks = 1, KvType = KvType.Q8_0, Threads = 1 });
        Assert.Equal(34.0 / 64, (double)eight.Info.BlockBytes / half.Info.BlockBytes, 1e-9);
    }

    [Fact]
    public void A_block_that_is_not_there_is_refused()
    {
        using var model = LanguageModel.Open(TestFiles.TinyModel);
        using var device = new CpuDevice(model.Graph, new CpuDeviceOptions { KvBlocks = 4, Threads = 1 });
        Assert.Throws<ArgumentOutOfRangeException>(() => device.CopyBlock(0, 4));
        Assert.Throws<ArgumentOutOfRangeException>(() => device.ReadBlock(-1, new byte[device.Info.BlockBytes]));
    }

    private static float[] Run(CpuDevice device, int[] tokens, int start, int[] table)
    {
        var plan = new StepPlan(KvBlockSize.Of(device.Info));
        plan.Add(tokens, start, table, LogitsWanted.Last);
        return device.Execute(plan).Logits(0).ToArray();
    }
}
