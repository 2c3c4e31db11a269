using System.Runtime.InteropServices;
using Crescent.Engine.Cuda;
using Crescent.Engine.Cuda.Driver;
using Crescent.Engine.Devices;
using Crescent.Engine.Model.Gguf;

namespace Crescent.Tests.Cuda;

/// <summary>Copies between a GPU and the host's memory, beside its steps.</summary>
public sealed unsafe class CudaCopyTests : EmulatedCudaTest, IDisposable
{
    private const int IllegalAddress = 700;
    private const int Blocks = 40;

    private readonly GgufFile _file = GgufFile.Open(TestFiles.TinyModel);
    private byte* _host;
    private IDisposable? _pinned;

    void IDisposable.Dispose()
    {
        _pinned?.Dispose();
        NativeMemory.Free(_host);
        _file.Dispose();
        Dispose();
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void What_comes_in_waits_for_no_step_that_is_begun_later_and_for_those_before(int gpus)
    {
        using var device = Open(gpus);
        device.Execute(OneToken(device));
        Fill(device, 1);
        device.BeginCopies([FromHost(device, 0, 5)]);
        EmulatedCuda.Hold(gpus - 1, true);
        device.Begin(OneToken(device));
        device.WaitForCopy();
        Assert.Equal(1, device.CopiesDone);

        // What is given now may overwrite what the step reads.
        device.BeginCopies([FromHost(device, 1, 6), ToHost(device, 2, 5)]);
        Assert.Equal(1, device.CopiesDone);
        EmulatedCuda.Hold(gpus - 1, false);
        device.End();
        DecodeSteps.AwaitCopies(device);
        Assert.Equal(3, device.CopiesDone);
        Assert.Equal(Host(device, 0), Host(device, 2));
        Assert.Equal(Host(device, 1), Read(device, 6));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void A_block_is_overwritten_once_it_is_copied_out(int gpus)
    {
        using var device = Open(gpus);
        Fill(device, 3);
        byte[][] before = [.. Enumerable.Range(0, Blocks).Select(block => Host(device, block))];
        device.BeginCopies([.. Enumerable.Range(0, Blocks).Select(block => FromHost(device, block, block))]);
        DecodeSteps.AwaitCopies(device);
        new Span<byte>(_host, Blocks * (int)device.Info.BlockBytes).Clear();

        // All out, and the last one's place is another's at once.
        device.BeginCopies([.. Enumerable.Range(0, Blocks).Select(block => ToHost(device, block, block)), new KvCopy(KvCopyKind.Within, Blocks - 1, 0, 0)]);
        DecodeSteps.AwaitCopies(device);
        for (var block = 0; block < Blocks; block++)
            Assert.Equal(before[block], Host(device, block));
        Assert.Equal(before[0], Read(device, Blocks - 1));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void A_block_is_copied_on_once_it_has_come_in(int gpus)
    {
        using var device = Open(gpus);
        Fill(device, 4);
        device.BeginCopies([.. Enumerable.Range(0, Blocks).Select(block => FromHost(device, block, block)), new KvCopy(KvCopyKind.Within, Blocks, 0, Blocks - 1)]);
        DecodeSteps.AwaitCopies(device);
        Assert.Equal(Host(device, Blocks - 1), Read(device, Blocks));

        // Reading is one more.
        DecodeSteps.AwaitCopies(device);
        Assert.Equal(Blocks + 2, device.CopiesDone);
    }

    // The host keeps the rows of the first GPU, which the second one may be quicker than.
    [Fact]
    public void Latent_rows_that_went_out_come_back_to_all_gpus()
    {
        using var file = GgufFile.Open(TestFiles.Shared("arch", "deepseek2.gguf"));
        using var device = new CudaDevice(Crescent.Engine.Model.Architectures.Architecture.Read(file), EmulatedCuda.Options() with { Gpus = [0, 1] });
        var block = device.Info.BlockBytes;
        Assert.Equal(block, device.Group.Ranks[1].Kv.BlockBytes);
        _host = (byte*)NativeMemory.Alloc((nuint)(Blocks * block));
        _pinned = device.PinHost((nint)_host, Blocks * block);
        for (var round = 0; round < 3; round++)
        {
            Fill(device, round);
            var last = Host(device, Blocks - 1);
            device.BeginCopies([.. Enumerable.Range(0, Blocks).Select(i => FromHost(device, i, i))]);
            DecodeSteps.AwaitCopies(device);
            new Span<byte>(_host, Blocks * (int)block).Clear();
            Together(device, [.. Enumerable.Range(0, Blocks).Select(i => ToHost(device, i, i)), FromHost(device, Blocks - 1, Blocks)]);
            Assert.Equal(last, Host(device, Blocks - 1));
            Assert.All(device.Group.Ranks, rank => Assert.Equal(last, DecodeSteps.Block(rank, Blocks)));
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void A_place_in_the_hosts_memory_is_used_anew_once_it_was_read(int gpus)
    {
        using var device = Open(gpus);
        Fill(device, 6);
        var (first, last) = (Host(device, 0), Host(device, Blocks - 1));
        device.BeginCopies([FromHost(device, 0, 50)]);
        DecodeSteps.AwaitCopies(device);
        Together(device, [.. Enumerable.Range(0, Blocks).Select(i => FromHost(device, i, i)), ToHost(device, Blocks - 1, 50)]);
        Assert.Equal(last, Read(device, Blocks - 1));
        Assert.Equal(first, Host(device, Blocks - 1));
    }

    [Fact]
    public void A_lost_gpu_copies_nothing_any_more()
    {
        using var device = Open(2);
        Fill(device, 1);
        EmulatedCuda.Hold(1, true);
        device.Begin(OneToken(device));
        device.BeginCopies([FromHost(device, 0, 5)]);
        Assert.Equal(0, device.CopiesDone);
        EmulatedCuda.Break(1, IllegalAddress);
        device.WaitForCopy();
        Assert.Equal(long.MaxValue, device.CopiesDone);
        Assert.Throws<CudaDeviceException>(() => device.BeginCopies([FromHost(device, 0, 6)]));
        EmulatedCuda.Hold(1, false);
    }

    [Fact]
    public void The_hosts_memory_is_pinned_until_it_is_let_go_and_what_cannot_be_pinned_is_told()
    {
        using var device = Open(1);
        Fill(device, 1);
        Assert.Null(device.PinFault);
        Assert.Null(device.PinHost((nint)_host, device.Info.BlockBytes));
        Assert.Contains("could not pin", device.PinFault, StringComparison.Ordinal);
        Assert.Contains("CUDA_ERROR_HOST_MEMORY_ALREADY_REGISTERED", device.PinFault, StringComparison.Ordinal);
        _pinned!.Dispose();

        // Steps and copies go on.
        device.Execute(OneToken(device));
        device.BeginCopies([FromHost(device, 3, 5)]);
        Assert.Equal(Host(device, 3), Read(device, 5));
        using var again = device.PinHost((nint)_host, Blocks * device.Info.BlockBytes);
        Assert.NotNull(again);
        Assert.Null(device.PinFault);
    }

    // With memory of the host's that it may copy from when it comes to it.
    private CudaDevice Open(int gpus)
    {
        var device = new CudaDevice(Crescent.Engine.Model.Architectures.Architecture.Read(_file), EmulatedCuda.Options() with { Gpus = [.. Enumerable.Range(0, gpus)] });
        _host = (byte*)NativeMemory.Alloc((nuint)(Blocks * device.Info.BlockBytes));
        _pinned = device.PinHost((nint)_host, Blocks * device.Info.BlockBytes);
        Assert.NotNull(_pinned);
        return device;
    }

    // All are there before the first of them can begin.
    private static void Together(CudaDevice device, KvCopy[] copies)
    {
        EmulatedCuda.Hold(0, true);
        device.Begin(OneToken(device));
        device.BeginCopies(copies);
        EmulatedCuda.Hold(0, false);
        device.End();
        DecodeSteps.AwaitCopies(device);
    }

    private static StepPlan OneToken(CudaDevice device)
    {
        var plan = new StepPlan(KvBlockSize.Of(device.Info));
        plan.Add([3], 0, [60], LogitsWanted.Last);
        return plan;
    }

    private KvCopy FromHost(CudaDevice device, int slot, int block) => new(KvCopyKind.FromHost, block, (nint)(_host + (slot * device.Info.BlockBytes)));

    private KvCopy ToHost(CudaDevice device, int slot, int block) => new(KvCopyKind.ToHost, block, (nint)(_host + (slot * device.Info.BlockBytes)));

    private byte[] Host(CudaDevice device, int slot) => new Span<byte>(_host + (slot * device.Info.BlockBytes), (int)device.Info.BlockBytes).ToArray();

    private static byte[] Read(CudaDevice device, int block)
    {
        var bytes = new byte[device.Info.BlockBytes];
        device.ReadBlock(block, bytes);
        return bytes;
    }

    private void Fill(CudaDevice device, int seed)
    {
        new Random(seed).NextBytes(new Span<byte>(_host, Blocks * (int)device.Info.BlockBytes));
    }
}
