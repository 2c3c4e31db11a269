using System.Globalization;
using Crescent.Engine.Cuda.Compilation;
using Crescent.Engine.Cuda.Driver;
using Crescent.Engine.Cuda.Memory;
using Crescent.Engine.Cuda.Steps;
using Crescent.Engine.Cuda.Weights;
using Crescent.Engine.Model.Gguf;
using Crescent.GpuCheck.Device;
using Crescent.GpuCheck.Kernels;
using Crescent.GpuCheck.Reports;
using ManagedCuda.BasicTypes;

namespace Crescent.GpuCheck.Steps;

/// <summary>How near the products of quantised matrices come to what the card does at best.</summary>
internal static class ProductsStep
{
    private static readonly GgmlType[] Types = [GgmlType.Q8_0, GgmlType.Q4_0, GgmlType.Q4_K, GgmlType.Q5_K, GgmlType.Q6_K, GgmlType.F16];

    public static void Run(Options options, StepReport report)
    {
        using var gpu = new Gpu(options.Device);
        var bandwidth = Ceilings.CopyBandwidth(gpu, options.Small);
        report.Line(string.Create(CultureInfo.InvariantCulture, $"copy within the device, read and written: {bandwidth / 1e9:0} GB/s"));
        report.Figure("copy_bytes_per_second", bandwidth);
        double peak = 0;
        try
        {
            using var blas = new Blas(gpu);
            foreach (var n in options.Small ? new[] { 64 } : [4096, 8192])
            {
                var rate = Ceilings.ProductRate(gpu, blas, n);
                peak = Math.Max(peak, rate);
                report.Line(string.Create(CultureInfo.InvariantCulture, $"cuBLAS, halves, {n} cubed: {rate / 1e12:0.0} TFLOP/s"));
                report.Figure($"cublas_{n}_flops", rate);
            }
        }
        catch (Exception fault) when (fault is DllNotFoundException or EntryPointNotFoundException or CudaCallException)
        {
            report.Line($"no product by cuBLAS: {fault.Message}");
        }

        using var context = new GpuContext(CudaGpu.Of(options.Device), "cuda");
        using var memory = new DeviceMemory(context);
        using var kernels = new KernelLibrary(context, Path.Combine(options.Work, "kernels"));
        using var vendor = VendorProducts.Open(context, memory, out _);
        var products = new MatrixProducts(kernels, memory, context.Gpu.Multiprocessors, vendor);
        report.Line("| type | rows of x | GB of weights | µs | GB/s | of the copy's | TFLOP/s | of cuBLAS |");
        report.Line("| --- | --- | --- | --- | --- | --- | --- | --- |");
        foreach (var type in Types)
        {
            foreach (var count in options.Small ? new[] { 1, 8 } : [1, 8, 16, 32, 64, 512, 2048])
                Measure(new Setting(gpu, context, memory, products, report, bandwidth, peak), type, count, options.Small);

            // The other ways, where there are several.
            if (type is not GgmlType.Q4_K || options.Small)
                continue;
            report.Line("without cuBLAS, then without products of warp groups:");
            products.VendorRows = int.MaxValue;
            foreach (var count in new[] { 64, 128, 256, 512, 2048 })
                Measure(new Setting(gpu, context, memory, products, report, bandwidth, peak, "no cuBLAS"), type, count, options.Small);
            products.UsesGroups = false;
            foreach (var count in new[] { 64, 256 })
                Measure(new Setting(gpu, context, memory, products, report, bandwidth, peak, "no groups"), type, count, options.Small);
            (products.VendorRows, products.UsesGroups) = (1, true);
            foreach (var count in new[] { 64, 128, 256 })
                Measure(new Setting(gpu, context, memory, products, report, bandwidth, peak, "cuBLAS"), type, count, options.Small);
            products.VendorRows = MatrixProducts.DefaultVendorRows;
        }
    }

    // A large matrix, so that no cache holds it: the rows of several as a layer's, one under the other.
    private static void Measure(Setting s, GgmlType type, int count, bool small)
    {
        var columns = small ? 256 : 4096;
        var packing = Packing.All.Single(p => p.Type == type);
        var target = small ? 1L << 20 : count > 64 ? 128L << 20 : 2L << 30;
        var rows = (int)(target / packing.Bytes(16, columns) * 16);
        using var packed = s.Gpu.Allocate(packing.Bytes(rows, columns));
        Fill(s.Gpu, packing, packed, columns, Math.Min(rows, 256));
        using var own = new DeviceBuffer(s.Memory, new CUdeviceptr(packed.Address), packed.Bytes, "weights");
        var matrix = new PackedMatrix((PackedFormat)packing.Format, rows, columns, own);
        s.Products.Prepare([matrix], count);
        var padded = (count + 63) / 64 * 64;
        using var x = s.Gpu.Allocate(2L * padded * columns);
        using var y = s.Gpu.Allocate(4L * count * rows);
        Ceilings.FillHalves(s.Gpu, x);

        // Both streams are of the same context; the device's own is timed by its events.
        using var start = new GpuEvent(s.Context, timed: true);
        using var end = new GpuEvent(s.Context, timed: true);
        var milliseconds = Ceilings.Median(small ? 2 : 9, () =>
        {
            start.Record(s.Context.Stream);
            s.Products.Multiply(matrix, new CUdeviceptr(x.Address), count, new CUdeviceptr(y.Address), rows);
            end.Record(s.Context.Stream);
            end.Wait();
            return end.Since(start).TotalMilliseconds;
        });
        double bytes = packed.Bytes + (2.0 * count * columns) + (4.0 * count * rows), operations = 2.0 * count * rows * columns;
        var (read, rate) = (bytes / (milliseconds * 1e-3), operations / (milliseconds * 1e-3));
        var ofPeak = s.Peak > 0 ? string.Create(CultureInfo.InvariantCulture, $"{100 * rate / s.Peak:0.0} %") : "";
        s.Report.Line(string.Create(
            CultureInfo.InvariantCulture,
            $"| {type} {s.Way} | {count} | {packed.Bytes / 1e9:0.000} | {milliseconds * 1e3:0.0} | {read / 1e9:0} | {100 * read / s.Bandwidth:0.0} % | {rate / 1e12:0.00} | {ofPeak} |"));
        s.Report.Figure($"{type} {s.Way} {count} rows bytes_per_second", read);
        s.Report.Figure($"{type} {s.Way} {count} rows flops", rate);
    }

    // Chunks know nothing of their place, so that few rows of real blocks fill all.
    private static void Fill(Gpu gpu, Packing packing, GpuMemory packed, int columns, int rows)
    {
        var tensor = RandomTensor.Of(packing.Type, rows, columns, new Random(1));
        using var some = packing.Repack(gpu, tensor.Bytes, rows, columns);
        gpu.Copy(packed.Address, some.Address, some.Bytes);
        for (var done = some.Bytes; done < packed.Bytes; done *= 2)
            gpu.Copy(packed.Address + (ulong)done, packed.Address, Math.Min(done, packed.Bytes - done));
        gpu.Synchronize();
    }

    private sealed record Setting(Gpu Gpu, GpuContext Context, DeviceMemory Memory, MatrixProducts Products, StepReport Report, double Bandwidth, double Peak, string Way = "");
}
