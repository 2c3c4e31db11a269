using System.Runtime.InteropServices;
using Crescent.Engine.Cuda.Compilation;
using Crescent.Engine.Cuda.Driver;
using Crescent.Engine.Cuda.Memory;
using Crescent.Engine.Cuda.Weights;
using Crescent.Engine.Model.Gguf;
using Crescent.GpuCheck.Kernels;
using ManagedCuda;

namespace Crescent.Tests.Cuda;

/// <summary>Matrices that are put together in an emulated GPU's memory from several places of a file's tensors.</summary>
public sealed unsafe class WeightUploadTests : EmulatedCudaTest
{
    private const int Rows = 37;

    [Theory]
    [InlineData(GgmlType.F16)]
    [InlineData(GgmlType.Q8_0)]
    [InlineData(GgmlType.Q4_K)]
    [InlineData(GgmlType.IQ4_NL)]
    public void Rows_from_several_places_lie_behind_one_another_and_columns_in_runs_beside(GgmlType type)
    {
        const int Columns = 512;
        var random = new Random(5);
        var (first, second) = (RandomTensor.Of(type, Rows, Columns, random), RandomTensor.Of(type, Rows, Columns, random));
        fixed (byte* one = first.Bytes, two = second.Bytes)
        {
            var (a, b) = (new GgufTensor("a", type, [Columns, Rows], one, first.Bytes.Length), new GgufTensor("b", type, [Columns, Rows], two, second.Bytes.Length));
            GgufTensor[] pieces = [a.Slice(3, 5), a.Slice(11, 20), b.Slice(0, 2), a.Slice(36, 1), b];
            Assert.True(WeightUpload.CanJoin(pieces), "they lie alike");
            float[] Of(RandomTensor tensor, int row, int count) => tensor.Values[(row * Columns)..((row + count) * Columns)];
            Near([.. Of(first, 3, 5), .. Of(first, 11, 20), .. Of(second, 0, 2), .. Of(first, 36, 1), .. second.Values], Loaded(upload => upload.Load("weights", pieces)));

            // The second run begins within a block of 256.
            var runs = new Runs(64, 3, 96, 160);
            int[] places = [.. runs.Firsts.SelectMany(place => Enumerable.Range(place, runs.Length))];
            Near([.. Enumerable.Range(0, Rows).SelectMany(row => places.Select(place => first.Values[(row * Columns) + place]))], Loaded(upload => upload.LoadColumns("weights", a, runs)));
        }
    }

    [Fact]
    public void Tensors_that_lie_otherwise_begin_with_a_tile_row()
    {
        GgufTensor Tensor(GgmlType type, int rows) => new("w", type, [256, rows], null, (long)rows * 256 / GgmlTypes.BlockLength(type) * GgmlTypes.BlockBytes(type));
        Assert.True(WeightUpload.CanJoin(Tensor(GgmlType.Q4_K, 5), Tensor(GgmlType.Q4_K, 11), Tensor(GgmlType.Q4_1, 3)));
        Assert.False(WeightUpload.CanJoin(Tensor(GgmlType.Q4_K, 5), Tensor(GgmlType.Q4_K, 10), Tensor(GgmlType.Q4_1, 3)));
        Assert.False(WeightUpload.CanJoin(Tensor(GgmlType.Q4_K, 16), Tensor(GgmlType.Q6_K, 16)));
    }

    [Fact]
    public void A_piece_of_what_is_brought_up_may_have_rows_of_several_tensors()
    {
        // 64 rows are a piece of 16 MB.
        const int Columns = 65536;
        var values = Enumerable.Range(0, 40 * Columns).Select(static i => (float)(Half)((i % 4099) - 2000)).ToArray();
        fixed (float* data = values)
        {
            var tensor = new GgufTensor("w", GgmlType.F32, [Columns, 40], (byte*)data, 4L * values.Length);
            var loaded = Loaded(upload => upload.Load("weights", tensor, tensor));
            Assert.True(values.AsSpan().SequenceEqual(loaded.AsSpan(0, values.Length)) && values.AsSpan().SequenceEqual(loaded.AsSpan(values.Length)), "rows are not where they belong");
        }
    }

    // Loads a matrix and reads it back, row by row.
    private static float[] Loaded(Func<WeightUpload, PackedMatrix> load)
    {
        using var context = new GpuContext(CudaGpu.Of(0), "test");
        using var memory = new DeviceMemory(context);
        using var kernels = new KernelLibrary(context, EmulatedCuda.Options().KernelCache);
        using var upload = new WeightUpload(context, memory, kernels, null);
        context.Enter();
        var matrix = load(upload);
        var rows = upload.LoadBytes("work space", MemoryMarshal.AsBytes<int>([.. Enumerable.Range(0, matrix.Rows)]));
        var output = memory.Allocate(4L * matrix.Rows * matrix.Columns, "work space");
        kernels.Get("repack.cu", "gather_rows").With(matrix.Pointer).With((int)matrix.Format).With(matrix.Steps).With(matrix.Columns).With(rows.Pointer).With(rows.Pointer).With(output.Pointer)
            .With(matrix.Columns).With(1f).Launch(matrix.Rows, 1, 128);
        var values = new float[matrix.Rows * matrix.Columns];
        fixed (float* target = values)
        {
            context.Check(DriverAPINativeMethods.AsynchronousMemcpy_v2.cuMemcpyDtoHAsync_v2((nint)target, output.Pointer, 4L * values.Length, context.Stream), "copy");
            context.Synchronize();
        }

        return values;
    }

    private static void Near(float[] expected, float[] actual) => KernelCheck.Near("rows", [.. expected.Select(static value => (double)value)], actual, 1e-3);
}
