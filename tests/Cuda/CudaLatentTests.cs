using Crescent.Engine.Cuda;
using Crescent.Engine.Devices;
using Crescent.Engine.Devices.Cpu;
using Crescent.Engine.Model.Architectures;
using Crescent.Engine.Model.Gguf;
using Crescent.Engine.Model.Layers;
using Crescent.Tests.Engine.Devices.Cpu;

namespace Crescent.Tests.Cuda;

/// <summary>Latent attention on the emulated GPU, and what of it CUDA devices refuse.</summary>
public sealed class CudaLatentTests : EmulatedCudaTest
{
    private static readonly int[] Prompt = [.. Enumerable.Range(0, 75).Select(static i => ((i * 37) % 500) + 3)];

    // With queries that come through a matrix of low rank and with those that come from the input itself; with a window too.
    [Theory]
    [InlineData(true, 0, 1)]
    [InlineData(false, 0, 1)]
    [InlineData(true, 20, 1)]
    [InlineData(true, 20, 2)]
    public void Logits_are_near_the_processors_however_a_prompt_is_cut(bool hasQueryDown, int window, int gpus)
    {
        using var file = Open();
        var graph = Architecture.Read(file);
        var dense = graph.Operators.OfType<FeedForwardOperator>().First();
        graph = Changed(graph, latent => latent with
        {
            QueryDown = hasQueryDown ? latent.QueryDown : null,
            QueryNorm = hasQueryDown ? latent.QueryNorm : null,
            Core = latent.Core with { Query = hasQueryDown ? latent.Core.Query : dense.Gate, Window = window },
        });
        using var cpu = new CpuDevice(graph, new CpuDeviceOptions { Threads = 1, KvBlocks = 16, Activations = ActivationPrecision.Int16 });
        using var device = Open(graph, gpus);
        var expected = new DeviceSequence(cpu, Prompt.Length).Append(Prompt);
        foreach (var chunk in gpus == 1 ? new[] { 1, 3, 30, Prompt.Length } : [3, 30, Prompt.Length])
            Assert.InRange(Distance(expected, new DeviceSequence(device, Prompt.Length).AppendChunked(Prompt, chunk)), 0, 0.01f * expected.Max(Math.Abs));
    }

    // The file's experts are for two GPUs; its first layer is dense. Queries come from the input itself, and are no whole tile rows.
    [Fact]
    public void Four_gpus_with_a_head_each_give_the_processors_logits()
    {
        using var file = Open();
        var graph = Architecture.Read(file);
        var dense = graph.Operators.OfType<FeedForwardOperator>().First();
        graph = graph with { Layers = [graph.Layers[0], graph.Layers[0]] };
        graph = Changed(graph, latent => latent with { QueryDown = null, QueryNorm = null, Core = latent.Core with { Query = dense.Gate } });
        using var cpu = new CpuDevice(graph, new CpuDeviceOptions { Threads = 1, KvBlocks = 16, Activations = ActivationPrecision.Int16 });
        using var device = Open(graph, gpus: 4);
        var expected = new DeviceSequence(cpu, Prompt.Length).Append(Prompt);
        Assert.InRange(Distance(expected, new DeviceSequence(device, Prompt.Length).AppendChunked(Prompt, 40)), 0, 0.01f * expected.Max(Math.Abs));
    }

    [Fact]
    public void Two_gpus_keep_the_same_rows_which_are_one_block_in_the_hosts_memory()
    {
        using var file = Open();
        var graph = Architecture.Read(file);
        using var device = Open(graph, gpus: 2);
        Assert.Equal(graph.Layers.Count * 16L * (512 + 64) * 2, device.Info.BlockBytes);
        Assert.Equal(2 * 17 * device.Info.BlockBytes, device.Memory["keys and values"]);
        var sequence = new DeviceSequence(device, 64);
        sequence.Append(Prompt.AsSpan(0, 45));
        byte[][] rows = [.. device.Group.Ranks.Select(rank => Blocks(rank, 3))];
        Assert.Equal(rows[0], rows[1]);
        Assert.Contains(rows[0], static value => value != 0);
        var expected = sequence.Append(7);

        // Both GPUs find the copy: what they had in these blocks is written over.
        byte[][] blocks = [.. Enumerable.Range(0, 3).Select(_ => new byte[device.Info.BlockBytes])];
        for (var i = 0; i < 3; i++)
            device.ReadBlock(i, blocks[i]);
        new DeviceSequence(device, 16 * 16).Append([.. Prompt.Reverse()]);
        for (var i = 0; i < 3; i++)
        {
            device.WriteBlock(8 + i, blocks[i]);
            device.CopyBlock(8 + i, 12 + i);
        }

        var plan = new StepPlan(KvBlockSize.Of(device.Info));
        var row = plan.Add([7], 45, [12, 13, 14], LogitsWanted.Last);
        Assert.Equal(expected, device.Execute(plan).Logits(row).ToArray());
    }

    [Fact]
    public void A_context_of_several_parts_gives_the_processors_logits()
    {
        using var file = Open();
        var graph = Architecture.Read(file);
        using var cpu = new CpuDevice(graph, new CpuDeviceOptions { Threads = 1, KvBlocks = 32, Activations = ActivationPrecision.Int16 });
        using var device = EmulatedCuda.Open(graph, blocks: 32);
        int[] prompt = [.. Enumerable.Range(0, 300).Select(static i => ((i * 41) % 500) + 3)];
        var (there, here) = (new DeviceSequence(cpu, 320), new DeviceSequence(device, 320));
        there.Append(prompt);
        here.Append(prompt);
        for (var i = 0; i < 6; i++)
        {
            var expected = there.Append(7 + i);
            Assert.InRange(Distance(expected, here.Append(7 + i)), 0, 0.01f * expected.Max(Math.Abs));
        }

        Assert.True(device.GraphsMade > 0, device.GraphFault);
    }

    [Fact]
    public void A_position_is_one_row_and_its_block_can_be_copied()
    {
        using var file = Open();
        var graph = Architecture.Read(file);
        using var device = EmulatedCuda.Open(graph, blocks: 16);
        Assert.Equal(graph.Layers.Count * 16L * (512 + 64) * 2, device.Info.BlockBytes);
        var sequence = new DeviceSequence(device, 40);
        sequence.Append(Prompt.AsSpan(0, 32).ToArray());
        var block = new byte[device.Info.BlockBytes];
        device.ReadBlock(1, block);
        var row = System.Runtime.InteropServices.MemoryMarshal.Cast<byte, Half>(block)[..576];

        // The file's c has 32 values, of which 8 turn behind them.
        Assert.DoesNotContain(row[..32].ToArray(), static value => value == Half.Zero);
        Assert.All(row[32..512].ToArray(), static value => Assert.Equal(Half.Zero, value));
        Assert.DoesNotContain(row[512..520].ToArray(), static value => value == Half.Zero);
        Assert.All(row[520..].ToArray(), static value => Assert.Equal(Half.Zero, value));
    }

    [Theory]
    [InlineData("rank", "latents of 520 values, where CUDA devices take multiples of 8 up to 512")]
    [InlineData("turning", "72 values of a latent's key that turn, where CUDA devices take even numbers up to 64")]
    [InlineData("other turning", "8 values of a latent's key that turn")]
    [InlineData("plain", "heads of 12 plain values, where CUDA devices take multiples of 8")]
    [InlineData("formats", "matrices of heads in different formats")]
    [InlineData("sinks", "latent attention with biases, sinks, gates")]
    [InlineData("gates", "latent attention with biases, sinks, gates")]
    [InlineData("scores", "latent attention with biases, sinks, gates")]
    [InlineData("chunks", "chunks of 72 positions, which are not whole times 16")]
    [InlineData("beside", "latent attention beside another kind")]
    [InlineData("ranks", "latents of different ranks")]
    public void What_the_kernels_do_not_do_is_refused_by_name(string what, string says)
    {
        using var file = Open();
        var graph = Architecture.Read(file);
        CudaDevice.CheckFit(graph);
        var first = graph.Operators.OfType<LatentAttentionOperator>().First();
        var changed = Changed(graph, latent => what switch
        {
            "rank" => latent with { ValueHeads = [.. latent.ValueHeads.Select(static head => As(head, head.Type, 520))], Core = latent.Core with { Heads = latent.Core.Heads with { Size = 528 } } },
            "turning" => latent with { Core = latent.Core with { Heads = latent.Core.Heads with { Size = latent.Rank + 72 }, Rope = Turning(latent, 72) } },
            "other turning" => latent with { Core = latent.Core with { Rope = Turning(latent, 6) } },
            "plain" => latent with { KeyHeads = [.. latent.KeyHeads.Select(static head => head.SomeColumns(0, 12))] },
            "formats" => latent with { ValueHeads = [As(latent.ValueHeads[0], GgmlType.Q8_0, latent.Rank), .. latent.ValueHeads.Skip(1)] },
            "sinks" => latent with { Core = latent.Core with { Sinks = latent.LatentNorm } },
            "gates" => latent with { Core = latent.Core with { HasOutputGate = true } },
            "scores" => latent with { Core = latent.Core with { ScoreCap = 50 } },
            "chunks" => latent with { Core = latent.Core with { ChunkLength = 72 } },
            "beside" => ReferenceEquals(latent, first) ? latent.Core with { Value = latent.Core.Key } : latent,
            _ => ReferenceEquals(latent, first)
                ? latent with { ValueHeads = [.. latent.ValueHeads.Select(static head => As(head, head.Type, 24))], Core = latent.Core with { Rope = Turning(latent, 16) } } : latent,
        });
        var fault = Assert.Throws<InvalidModelException>(() => CudaDevice.CheckFit(changed));
        Assert.Contains($"deepseek2 has {says}", fault.Message);
        Assert.Contains("--devices cpu", fault.Message);
    }

    private static CudaDevice Open(DecoderGraph graph, int gpus) =>
        new(graph, EmulatedCuda.Options() with { Name = $"cuda:{string.Join('+', Enumerable.Range(0, gpus))}", Gpus = [.. Enumerable.Range(0, gpus)], KvBlocks = 16 });

    private static byte[] Blocks(CudaRank rank, int count) => [.. Enumerable.Range(0, count).SelectMany(block => DecodeSteps.Block(rank, block))];

    private static GgufFile Open() => GgufFile.Open(TestFiles.Shared("arch", "deepseek2.gguf"));

    private static RopeSettings Turning(LatentAttentionOperator latent, int values) => latent.Core.Rope! with { Frequencies = [.. Enumerable.Repeat(0.5, values / 2)] };

    private static float Distance(float[] a, float[] b) => a.Zip(b).Max(static pair => Math.Abs(pair.First - pair.Second));

    // Its numbers mean nothing: nothing is loaded.
    private static unsafe GgufTensor As(GgufTensor head, GgmlType type, int columns) =>
        new(head.Name, type, [columns, (int)head.Rows], head.Data, head.Rows * columns / GgmlTypes.BlockLength(type) * GgmlTypes.BlockBytes(type));

    private static DecoderGraph Changed(DecoderGraph graph, Func<LatentAttentionOperator, LayerOperator> change) => graph with
    {
        Layers = [.. graph.Layers.Select(layer => layer with
        {
            Branches = [.. layer.Branches.Select(branch => branch with
            {
                Operators = [.. branch.Operators.Select(step => step is LatentAttentionOperator latent ? change(latent) : step)],
            })],
        })],
    };
}
