using Crescent.Engine.Devices.Simulated;
using Crescent.Lab.Virtual;

namespace Crescent.Tests.Engine.Devices.Simulated;

/// <summary>Groups whose GPUs have sequences of their own and divide the experts.</summary>
public sealed class DataParallelTests
{
    private static readonly GpuModel Gpu = GpuModels.Find("h200");
    private static readonly ModelShape Model = SimulatedModels.Find("qwen3-235b-a22b-fp8");

    [Fact]
    public void A_spec_says_how_a_group_is_parallel()
    {
        var spec = SimulatedDeviceSpec.Parse("sim:b200*3:dep4");
        Assert.Equal((3, 4, true, 12), (spec.Count, spec.TensorParallel, spec.DataParallel, spec.GpuCount));
        Assert.Equal("sim:b200*3:dep4", spec.ToString());
        Assert.False(SimulatedDeviceSpec.Parse("sim:b200*3:tp4").DataParallel);
        Assert.Contains("':dep'", Assert.Throws<FormatException>(static () => SimulatedDeviceSpec.Parse("sim:b200:dep1")).Message, StringComparison.Ordinal);
        var dense = Assert.Throws<FormatException>(() => SimulatedDevice.CheckFit(spec, SimulatedModels.Find("llama-3-8b")));
        Assert.Contains("use :tp4", dense.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Each_gpu_has_a_step_of_its_own_and_draws_by_its_part_of_the_batch()
    {
        var (by8, one) = (SimulatedDeviceSpec.Parse("sim:h200:dep8"), SimulatedDeviceSpec.Parse("sim:h200:tp8"));
        Assert.Equal(8 * one.MaxStepTokens, by8.MaxStepTokens);
        Assert.Equal(new GpuPowerCurve(one.PoweredGpu).DecodeWatts(4), new GpuPowerCurve(by8.PoweredGpu).DecodeWatts(32), 1e-6);
        using var device = new SimulatedDevice(by8, 0, Model, new SimulatedText(new SilentTokenizer()));
        Assert.Equal(8 * new GpuPowerCurve(by8.Gpu).DecodeWatts(4), device.Info.Profile!.DecodeWatts(32), 1e-6);
    }

    [Fact]
    public void Each_gpu_reads_all_of_attention_and_its_part_of_the_experts()
    {
        // One sequence on eight GPUs: seven wait, and its attention takes one what it takes eight together.
        var (by8, alone) = (Time(8, dataParallel: true, Decode(1, 4000)), Time(8, dataParallel: false, Decode(1, 4000)));
        Assert.True(by8.MemorySeconds > 1.5 * alone.MemorySeconds, $"{by8.MemorySeconds} against {alone.MemorySeconds}");

        // Caches are not read by several of them: with four key heads eight GPUs of the other kind read each position twice.
        var (longer, others) = (More(8, true), More(8, false));
        Assert.Equal(0.5, longer / others, 0.01);

        static double More(int gpus, bool dataParallel) =>
            Time(gpus, dataParallel, Decode(64, 20_000)).MemorySeconds - Time(gpus, dataParallel, Decode(64, 10_000)).MemorySeconds;
    }

    [Fact]
    public void The_gpu_with_the_most_sequences_is_waited_for()
    {
        // Nine on eight: two of them on one GPU.
        var (eight, nine, sixteen) = (Context(8), Context(9), Context(16));
        Assert.Equal(2, nine / eight, 0.01);
        Assert.Equal(nine, sixteen, 0.01 * nine);

        static double Context(int sequences) =>
            Time(8, true, Decode(sequences, 50_000)).MemorySeconds - Time(8, true, Decode(sequences, 1)).MemorySeconds;
    }

    [Fact]
    public void Exchanges_take_a_moment_each_and_grow_with_the_tokens_that_leave_their_gpu()
    {
        var slow = TimingParameters.Default with { AllToAllSeconds = 1e-3 };
        var few = Time(8, true, Decode(8, 100)).Seconds;
        Assert.Equal(2 * 94 * (1e-3 - TimingParameters.Default.AllToAllSeconds), Time(8, true, Decode(8, 100), slow).Seconds - few, 0.02);

        // 4,096 values in FP8 there and in BF16 back, to 7 (1 - (7/8)^8) GPUs in the mean.
        var work = default(StepWork);
        work.AddPrefill(0, 8192, 1, int.MaxValue);
        var narrow = TimingParameters.Default with { AllToAllEfficiency = TimingParameters.Default.AllToAllEfficiency / 2 };
        var bytes = 94 * 1024.0 * 7 * (1 - Math.Pow(7 / 8.0, 8)) * 4096 * 3;
        Assert.Equal(
            bytes / (450e9 * TimingParameters.Default.AllToAllEfficiency), Time(8, true, work, narrow).Seconds - Time(8, true, work).Seconds, 0.03 * bytes / 450e9 / 0.27);
    }

    [Fact]
    public void The_gpu_whose_experts_are_chosen_most_is_waited_for()
    {
        var work = default(StepWork);
        work.AddPrefill(0, 8192, 1, int.MaxValue);
        var skewed = TimingParameters.Default with { ExpertSkew = 2 * TimingParameters.Default.ExpertSkew };
        Assert.True(Time(8, true, work, skewed).ComputeSeconds > 1.3 * Time(8, true, work).ComputeSeconds);
        Assert.Equal(Time(8, false, work).ComputeSeconds, Time(8, false, work, skewed).ComputeSeconds);
    }

    [Fact]
    public void Four_bits_are_widened_to_sixteen_where_there_is_no_unit_for_them()
    {
        var oss = SimulatedModels.Find("gpt-oss-20b-fp8");
        var work = default(StepWork);
        work.AddPrefill(0, 32_768, 1, int.MaxValue);
        var four = new StepTimeModel(Gpu, oss, 1).Estimate(work).ComputeSeconds;
        var eight = new StepTimeModel(Gpu, oss with { ExpertPrecision = WeightPrecision.FP8 }, 1).Estimate(work).ComputeSeconds;
        Assert.True(four > 1.2 * eight, $"{four} against {eight}");
    }

    private static StepTime Time(int gpus, bool dataParallel, in StepWork work, TimingParameters? timing = null) =>
        new StepTimeModel(Gpu, Model, gpus, timing, dataParallel).Estimate(work);

    private static StepWork Decode(int sequences, int context)
    {
        var work = default(StepWork);
        for (var i = 0; i < sequences; i++)
        {
            work.AddDecode(context - 1, int.MaxValue);
        }

        return work;
    }
}
