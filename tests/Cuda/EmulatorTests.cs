using Crescent.Engine.Cuda.Driver;
using Crescent.GpuCheck.Device;
using ManagedCuda;
using ManagedCuda.BasicTypes;

namespace Crescent.Tests.Cuda;

/// <summary>The emulated driver finds what a device would, by kernels that are wrong on purpose.</summary>
public sealed class EmulatorTests : EmulatedCudaTest
{
    private const int IllegalAddress = 700, LaunchFailed = 719;

    private const string Source = """
        #include "numbers.cuh"
        extern "C" __global__ void __launch_bounds__(64) divergent(float* x)
        {
            if (threadIdx.x < 40)
                __syncthreads();
            else
            {
                x[threadIdx.x] = 1;
                __syncthreads();
            }
        }
        extern "C" __global__ void beyond(float* x, int from) { x[from + threadIdx.x] = 1.0f; }
        extern "C" __global__ void beyond_shared(float* x, int from)
        {
            __shared__ float shared[64];
            DYNAMIC_SHARED(float, dynamic);
            dynamic[from + threadIdx.x] = 1.0f;
            shared[threadIdx.x] = 2.0f;
            __syncthreads();
            x[threadIdx.x] = dynamic[from + threadIdx.x] + shared[63 - threadIdx.x];
        }
        extern "C" __global__ void turn(float* x, int waits)
        {
            __shared__ float shared[64];
            shared[threadIdx.x] = (float)threadIdx.x;
            if (waits)
                __syncthreads();
            x[threadIdx.x] = shared[(threadIdx.x + 1) % 64];
        }
        extern "C" __global__ void uninitialised(float* x)
        {
            __shared__ float shared[64];
            if (threadIdx.x < 32)
                shared[threadIdx.x] = 1.0f;
            __syncthreads();
            x[threadIdx.x] = shared[threadIdx.x];
        }
        extern "C" __global__ void half_a_warp(float* x)
        {
            if (threadIdx.x < 16)
                x[threadIdx.x] = __shfl_xor_sync(ALL_LANES, (float)threadIdx.x, 1);
            else
                __syncthreads();
        }
        extern "C" __global__ void warps(float* x) { x[threadIdx.x] = warp_sum((float)threadIdx.x) + __shfl_down_sync(ALL_LANES, (float)threadIdx.x, 2); }
        extern "C" __global__ void divided(int* x, int by) { x[threadIdx.x] = 10 / by; }
        """;

    [Fact]
    public void Streams_that_a_capture_does_not_gather_again_or_that_wait_for_what_is_outside_it_fail_it()
    {
        using var first = new GpuContext(CudaGpu.Of(0), "cuda:0");
        using var other = new GpuContext(CudaGpu.Of(1), "cuda:1");
        using var outside = new GpuEvent(other, timed: false);
        outside.Record(other.Stream);
        first.Enter();
        using var fork = new GpuEvent(first, timed: false);
        Assert.Equal(CUResult.Success, DriverAPINativeMethods.Streams.cuStreamBeginCapture(first.Stream, CUstreamCaptureMode.Relaxed));
        Assert.Contains("CUDA_ERROR_STREAM_CAPTURE_ISOLATION", Assert.Throws<CudaDeviceException>(() => outside.Hold(first)).Message, StringComparison.Ordinal);
        fork.Record(first.Stream);
        other.Enter();
        fork.Hold(other);
        var graph = default(CUgraph);
        first.EnterToEnd();
        Assert.Equal(904, (int)DriverAPINativeMethods.Streams.cuStreamEndCapture(first.Stream, ref graph));
        other.EnterToEnd();
        Assert.True(other.IsIdle());
    }

    [Fact]
    public void Threads_that_wait_at_different_barriers_end_the_launch() => Fails(LaunchFailed, "divergent", 64, 64);

    [Fact]
    public void A_write_beyond_an_allocation_is_an_illegal_address() => Fails(IllegalAddress, "beyond", 64, 64, 4096);

    [Fact]
    public void Lanes_that_wait_for_lanes_that_never_come_end_the_launch() => Fails(LaunchFailed, "half_a_warp", 64, 64);

    [Fact]
    public void A_division_of_whole_numbers_by_zero_ends_the_launch() => Fails(LaunchFailed, "divided", 64, 32, 0);

    [Fact]
    public void A_launch_of_more_threads_than_a_kernel_is_for_is_refused()
    {
        using var gpu = Open();
        using var x = gpu.Allocate(4096);
        Assert.Equal(701, Assert.Throws<CudaCallException>(() => gpu.Launch("wrong.cu", "divergent", (1, 1), 65, x)).Result);
    }

    [Fact]
    public void A_write_a_little_behind_the_end_of_an_allocation_is_seen_when_it_is_given_back()
    {
        using var gpu = Open();
        var x = gpu.Allocate(4 * 60);
        gpu.Launch("wrong.cu", "beyond", (1, 1), 32, x, 29);
        gpu.Synchronize();
        x.Dispose();
        Assert.Equal(IllegalAddress, Assert.Throws<CudaCallException>(gpu.Synchronize).Result);
    }

    [Fact]
    public void Dynamic_shared_memory_ends_where_the_launch_says()
    {
        using var gpu = Open();
        using var x = gpu.Allocate(4 * 64);
        gpu.LaunchShared("wrong.cu", "beyond_shared", (1, 1), 64, 256, x, 0);
        Assert.All(gpu.Download<float>(x.Address, 64), static v => Assert.Equal(3, v));
        gpu.LaunchShared("wrong.cu", "beyond_shared", (1, 1), 64, 256, x, 1);
        Assert.Equal(IllegalAddress, Assert.Throws<CudaCallException>(gpu.Synchronize).Result);
    }

    [Fact]
    public void A_missing_barrier_shows_in_some_order_of_the_threads_and_one_that_is_there_in_none()
    {
        using var gpu = Open();
        using var x = gpu.Allocate(4 * 64);
        var expected = Enumerable.Range(0, 64).Select(static i => (float)((i + 1) % 64)).ToArray();
        foreach (var order in new uint[] { 0, 1, 7 })
        {
            EmulatedCuda.Order(order);
            gpu.Launch("wrong.cu", "turn", (1, 1), 64, x, 1);
            Assert.Equal(expected, gpu.Download<float>(x.Address, 64));
            gpu.Launch("wrong.cu", "turn", (1, 1), 64, x, 0);
            Assert.NotEqual(expected, gpu.Download<float>(x.Address, 64));
        }
    }

    [Fact]
    public void Memory_that_nothing_has_written_is_not_zero()
    {
        using var gpu = Open();
        using var x = gpu.Allocate(4 * 64);
        Assert.All(gpu.Download<float>(x.Address, 64), static v => Assert.True(float.IsNaN(v)));
        gpu.Launch("wrong.cu", "uninitialised", (1, 1), 64, x);
        Assert.Equal([.. Enumerable.Repeat(1f, 32), .. Enumerable.Repeat(float.NaN, 32)], gpu.Download<float>(x.Address, 64));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(9)]
    public void Lanes_of_a_warp_exchange_values_in_any_order_of_the_threads(uint order)
    {
        EmulatedCuda.Order(order);
        using var gpu = Open();
        using var x = gpu.Allocate(4 * 32);
        gpu.Launch("wrong.cu", "warps", (1, 1), 32, x);
        Assert.Equal(Enumerable.Range(0, 32).Select(static i => (float)((31 * 16) + (i + 2 < 32 ? i + 2 : i))), gpu.Download<float>(x.Address, 32));
    }

    [Fact]
    public void An_error_stays_until_the_context_ends_and_the_other_gpu_knows_nothing_of_it()
    {
        using var other = Open(1);
        using (var gpu = Open())
        {
            EmulatedCuda.Fail(0, 214, 1);
            var x = gpu.Allocate(4 * 64);
            gpu.Launch("wrong.cu", "uninitialised", (1, 1), 64, x);
            gpu.Synchronize();
            gpu.Launch("wrong.cu", "uninitialised", (1, 1), 64, x);
            Assert.Equal(214, Assert.Throws<CudaCallException>(gpu.Synchronize).Result);
            Assert.Equal(214, Assert.Throws<CudaCallException>(() => gpu.Allocate(64)).Result);
        }

        using var again = Open();
        foreach (var gpu in new[] { again, other })
        {
            gpu.MakeCurrent();
            using var y = gpu.Allocate(4 * 64);
            gpu.Launch("wrong.cu", "uninitialised", (1, 1), 64, y);
            Assert.Equal(1, gpu.Download<float>(y.Address, 1)[0]);
        }
    }

    [Fact]
    public void A_kernel_is_refused_another_gpu_s_memory_until_it_has_access()
    {
        using var other = Open(1);
        using var y = other.Allocate(4 * 64);
        using (var gpu = Open())
        {
            gpu.Launch("wrong.cu", "uninitialised", (1, 1), 64, y);
            Assert.Equal(IllegalAddress, Assert.Throws<CudaCallException>(gpu.Synchronize).Result);
        }

        using var again = Open();
        EmulatedCuda.Peers(false);
        Assert.Equal(217, Assert.Throws<CudaCallException>(() => again.Reach(other)).Result);
        EmulatedCuda.Peers(true);
        again.Reach(other);
        Assert.Equal(704, Assert.Throws<CudaCallException>(() => again.Reach(other)).Result);
        again.Launch("wrong.cu", "uninitialised", (1, 1), 64, y);
        again.Synchronize();
        other.MakeCurrent();
        Assert.Equal(1, other.Download<float>(y.Address, 1)[0]);

        // Access is from one side only.
        using var x = Allocate(again);
        other.MakeCurrent();
        other.Launch("wrong.cu", "uninitialised", (1, 1), 64, x);
        Assert.Equal(IllegalAddress, Assert.Throws<CudaCallException>(other.Synchronize).Result);
    }

    [Fact]
    public void A_source_that_is_wrong_is_told_with_its_line()
    {
        var fault = Assert.Throws<InvalidOperationException>(() => new KernelCompiler().CompileText("broken.cu", "extern \"C\" __global__ void f(int* x)\n{\n    x[0] = nothing;\n}\n", "sm_90"));
        Assert.Contains("broken.cu:3", fault.Message, StringComparison.Ordinal);
        Assert.Contains("nothing", fault.Message, StringComparison.Ordinal);
    }

    private static Gpu Open(int device = 0)
    {
        var gpu = new Gpu(device);
        gpu.Load("wrong.cu", Source);
        return gpu;
    }

    private static GpuMemory Allocate(Gpu gpu)
    {
        gpu.MakeCurrent();
        return gpu.Allocate(4 * 64);
    }

    private static void Fails(int error, string kernel, int floats, int threads, params object[] more)
    {
        using var gpu = Open();
        using var x = gpu.Allocate(4 * floats);
        gpu.Launch("wrong.cu", kernel, (1, 1), threads, [x, .. more]);
        Assert.Equal(error, Assert.Throws<CudaCallException>(gpu.Synchronize).Result);
    }
}
