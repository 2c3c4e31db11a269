using Crescent.Engine.Cuda;
using Crescent.Engine.Cuda.Driver;
using Crescent.Engine.Devices;
using Crescent.Engine.Devices.Cpu;
using Crescent.Engine.Model.Architectures;
using Crescent.Engine.Model.Gguf;
using Crescent.Tests.Engine.Devices.Cpu;

namespace Crescent.Tests.Cuda;

/// <summary>The CUDA device on emulated GPUs, whose threads run in any order, which fail alone, and whose memory is counted.</summary>
public sealed class EmulatedGpuTests : EmulatedCudaTest
{
    private const int IllegalAddress = 700;

    [Theory]
    [InlineData(0u)]
    [InlineData(1u)]
    [InlineData(5u)]
    public void Greedy_tokens_are_the_processors_in_any_order_of_the_threads(uint order)
    {
        EmulatedCuda.Order(order);
        using var file = GgufFile.Open(TestFiles.TinyModel);
        var graph = Architecture.Read(file);
        using var cpu = new CpuDevice(graph, new CpuDeviceOptions { Threads = 2, KvBlocks = 64, Activations = ActivationPrecision.Int16 });
        using var cuda = new CudaDevice(graph, EmulatedCuda.Options());
        foreach (var prompt in GoldenFile.Embedded.Goldens.Prompts.Where(static prompt => prompt.Steps.Count >= 16).Take(order == 0 ? 2 : 1))
        {
            var (ours, theirs) = (new DeviceSequence(cuda, 1000), new DeviceSequence(cpu, 1000));
            var (a, b) = (ours.Append(prompt.Ids), theirs.Append(prompt.Ids));
            for (var step = 0; step < 16; step++)
            {
                var token = LogProbabilities.ArgMax(b);
                var sorted = b.OrderDescending().Take(2).ToArray();
                Assert.True(LogProbabilities.ArgMax(a) == token || sorted[0] - sorted[1] < 0.05, $"{prompt.Name}, step {step}");
                (a, b) = (ours.Append(token), theirs.Append(token));
            }
        }
    }

    [Fact]
    public void Logits_have_the_same_bits_alone_and_beside_others_and_nearly_so_in_chunks()
    {
        using var model = GgufFile.Open(TestFiles.TinyModel);
        var graph = Architecture.Read(model);
        using var device = new CudaDevice(graph, EmulatedCuda.Options());
        var random = new Random(3);
        int[] Text(int count) => [.. Enumerable.Range(0, count).Select(_ => random.Next(graph.Config.VocabularySize))];
        var prompt = Text(140);
        var alone = new DeviceSequence(device, 148, firstBlock: 1);
        var plan = new StepPlan(KvBlockSize.Of(device.Info));
        var (same, first, second) = (new DeviceSequence(device, 148, firstBlock: 60, blockStep: -3), new DeviceSequence(device, 90, firstBlock: 12), new DeviceSequence(device, 40, firstBlock: 20));

        // Up to sixteen rows have the sums of one; so have more, of those that are taken in the same way.
        foreach (var tokens in new int[][] { prompt, [7], [11] })
        {
            var expected = alone.Append(tokens);
            plan.Clear();
            first.AddTo(plan, Text(9), LogitsWanted.Last);
            var row = same.AddTo(plan, tokens, LogitsWanted.Last);
            second.AddTo(plan, Text(2), LogitsWanted.None);
            Assert.Equal(expected, device.Execute(plan).Logits(row).ToArray());
        }

        // Few tokens are shared out among warps by positions, and added up in another order.
        alone.Truncate(0);
        var whole = alone.Append(prompt);
        foreach (var chunk in new[] { 1, 23, 64 })
        {
            // Token by token only at the end, where there are most positions to share out.
            var sequence = new DeviceSequence(device, 148, firstBlock: 30);
            var begun = chunk == 1 ? prompt.Length - 12 : 0;
            if (begun > 0)
                sequence.Append(prompt.AsSpan(0, begun));
            var chunked = sequence.AppendChunked(prompt.AsSpan(begun), chunk);
            Assert.InRange(whole.Zip(chunked, static (a, b) => Math.Abs(a - b)).Max(), 0, 0.05);
        }
    }

    [Fact]
    public void A_gpu_that_fails_takes_no_other_with_it()
    {
        using var file = GgufFile.Open(TestFiles.TinyModel);
        var graph = Architecture.Read(file);
        using var other = new CudaDevice(graph, EmulatedCuda.Options(1));
        float[] expected;
        using (var device = new CudaDevice(graph, EmulatedCuda.Options()))
        {
            var sequence = new DeviceSequence(device, 64);
            expected = sequence.Append(1, 2, 3);
            EmulatedCuda.Fail(0, IllegalAddress, 20);
            var fault = Assert.Throws<CudaDeviceException>(() => sequence.Append(4));
            Assert.Contains("cuda:0", fault.Message, StringComparison.Ordinal);
            Assert.Contains("CUDA_ERROR_ILLEGAL_ADDRESS (700)", fault.Message, StringComparison.Ordinal);
            Assert.Contains("must be opened again", fault.Message, StringComparison.Ordinal);
            Assert.Equal(fault.Message, Assert.Throws<CudaDeviceException>(() => sequence.Append(5)).Message);
            Assert.Equal(expected, new DeviceSequence(other, 64).Append(1, 2, 3));
        }

        using var again = new CudaDevice(graph, EmulatedCuda.Options());
        Assert.Equal(expected, new DeviceSequence(again, 64).Append(1, 2, 3));
    }

    [Fact]
    public void A_device_that_is_closed_leaves_no_memory_behind()
    {
        using var file = GgufFile.Open(TestFiles.TinyModel);
        var graph = Architecture.Read(file);
        using (var device = new CudaDevice(graph, EmulatedCuda.Options()))
        {
            var used = EmulatedCuda.Counters(0).BytesInUse;

            // Each allocation is rounded up to 256 bytes.
            Assert.InRange(used, device.Memory.Values.Sum(), device.Memory.Values.Sum() + (256 * 300));
        }

        Assert.Equal(0, EmulatedCuda.Counters(0).BytesInUse);
    }

    [Fact]
    public void A_decode_step_copies_little_between_host_and_gpu()
    {
        using var file = GgufFile.Open(TestFiles.TinyModel);
        using var device = new CudaDevice(Architecture.Read(file), EmulatedCuda.Options() with { HostLogits = false });
        var plan = new StepPlan(KvBlockSize.Of(device.Info));
        plan.Add([1], 0, [0], LogitsWanted.Last);
        device.Execute(plan);
        var before = EmulatedCuda.Counters(0);
        device.Execute(plan);
        var after = EmulatedCuda.Counters(0);
        Assert.InRange(after.BytesToDevice - before.BytesToDevice, 1, 256);
        Assert.InRange(after.BytesToHost - before.BytesToHost, 1, 64);
    }
}
