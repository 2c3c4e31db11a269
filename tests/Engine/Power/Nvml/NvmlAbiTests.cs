using System.Diagnostics;
using System.Runtime.InteropServices;
using Crescent.Engine.Power.Nvml;

namespace Crescent.Tests.Engine.Power.Nvml;

/// <summary>What crosses to the library: layouts, and calls into one that a C compiler built from the header's own declarations.</summary>
public sealed class NvmlAbiTests
{
    // The declarations are nvml.h's; the values are the test's.
    private const string Source = """
        #include <string.h>
        typedef int nvmlReturn_t;
        typedef struct nvmlDevice_st* nvmlDevice_t;
        typedef enum { NVML_VALUE_TYPE_DOUBLE = 0, NVML_VALUE_TYPE_UNSIGNED_INT = 1, NVML_VALUE_TYPE_UNSIGNED_LONG = 2, NVML_VALUE_TYPE_UNSIGNED_LONG_LONG = 3 } nvmlValueType_t;
        typedef union { double dVal; int siVal; unsigned int uiVal; unsigned long ulVal; unsigned long long ullVal; signed long long sllVal; unsigned short usVal; } nvmlValue_t;
        typedef struct { unsigned int fieldId; unsigned int scopeId; long long timestamp; long long latencyUsec; nvmlValueType_t valueType; nvmlReturn_t nvmlReturn; nvmlValue_t value; } nvmlFieldValue_t;
        static unsigned int limit = 700000;
        static struct nvmlDevice_st { int x; } gpu;
        nvmlReturn_t nvmlInit_v2(void) { return 0; }
        nvmlReturn_t nvmlShutdown(void) { return 0; }
        nvmlReturn_t nvmlDeviceGetHandleByPciBusId_v2(const char* id, nvmlDevice_t* device) { *device = &gpu; return strcmp(id, "0000:17:00.0") ? 6 : 0; }
        nvmlReturn_t nvmlDeviceGetHandleByIndex_v2(unsigned int index, nvmlDevice_t* device) { *device = &gpu; return index == 3 ? 0 : 6; }
        nvmlReturn_t nvmlDeviceGetFieldValues(nvmlDevice_t device, int count, nvmlFieldValue_t* values)
        {
            for (int i = 0; i < count; i++) {
                values[i].timestamp = 1234567890123LL;
                values[i].latencyUsec = 55 + (long long)sizeof(nvmlFieldValue_t);
                values[i].nvmlReturn = device == &gpu ? 0 : 3;
                if (values[i].fieldId == 186) { values[i].valueType = NVML_VALUE_TYPE_UNSIGNED_INT; values[i].value.uiVal = 301500; }
                else if (values[i].fieldId == 185) { values[i].valueType = NVML_VALUE_TYPE_DOUBLE; values[i].value.dVal = 299000.5; }
                else if (values[i].fieldId == 1) { values[i].valueType = NVML_VALUE_TYPE_UNSIGNED_LONG; values[i].value.ulVal = 77; }
                else { values[i].nvmlReturn = 3; }
            }
            return 0;
        }
        nvmlReturn_t nvmlDeviceGetTotalEnergyConsumption(nvmlDevice_t device, unsigned long long* energy) { *energy = 0x123456789ABCULL; return device == &gpu ? 0 : 3; }
        nvmlReturn_t nvmlDeviceGetPowerManagementLimit(nvmlDevice_t device, unsigned int* value) { *value = limit; return 0; }
        nvmlReturn_t nvmlDeviceGetPowerManagementLimitConstraints(nvmlDevice_t device, unsigned int* least, unsigned int* most) { *least = 200000; *most = 700000; return 0; }
        nvmlReturn_t nvmlDeviceSetPowerManagementLimit(nvmlDevice_t device, unsigned int value) { limit = value; return 0; }
        """;

    [Fact]
    public void A_field_value_has_the_headers_layout()
    {
        Assert.Equal(40, Marshal.SizeOf<NvmlFieldValue>());
        foreach (var (field, offset) in new[]
        {
            (nameof(NvmlFieldValue.FieldId), 0), (nameof(NvmlFieldValue.ScopeId), 4), (nameof(NvmlFieldValue.Timestamp), 8),
            (nameof(NvmlFieldValue.LatencyMicroseconds), 16), (nameof(NvmlFieldValue.ValueType), 24), (nameof(NvmlFieldValue.Status), 28),
            (nameof(NvmlFieldValue.Double), 32), (nameof(NvmlFieldValue.UInt64), 32),
        })
        {
            Assert.Equal(offset, (int)Marshal.OffsetOf<NvmlFieldValue>(field));
        }
    }

    [Fact]
    public void A_compiled_library_gets_and_gives_what_the_binding_says()
    {
        using var folder = new TemporaryFolder();
        using var nvml = Open(folder);
        Assert.Equal(NvmlStatus.Success, nvml.DeviceByPciBusId("0000:17:00.0", out var device));
        Assert.Equal(NvmlStatus.NotFound, nvml.DeviceByPciBusId("0000:18:00.0", out _));
        Assert.Equal(NvmlStatus.Success, nvml.DeviceByIndex(3, out var same));
        Assert.Equal(device, same);
        NvmlFieldValue[] fields = [new() { FieldId = 186 }, new() { FieldId = 185 }, new() { FieldId = 1 }, new() { FieldId = 2 }];
        Assert.Equal(NvmlStatus.Success, nvml.FieldValues(device, fields));
        Assert.Equal([301_500, 299_000.5, 77, null], fields.Select(static f => f.Number));
        Assert.All(fields, f => Assert.Equal((1234567890123, 55 + Marshal.SizeOf<NvmlFieldValue>()), (f.Timestamp, f.LatencyMicroseconds)));
        Assert.Equal(NvmlStatus.Success, nvml.TotalEnergy(device, out var energy));
        Assert.Equal(0x123456789ABCUL, energy);

        // The library lacks it, as an old driver would.
        Assert.Equal(NvmlStatus.FunctionNotFound, nvml.PowerUsage(device, out _));
        Assert.True(NvmlGpu.TryOpen(nvml, "0000:17:00.0", out var gpu, out var fault, null), fault);
        Assert.Equal(301.5, gpu.Meter.Read().Watts);
        Assert.Equal(450, gpu.Cap!.SetCap(450));
        gpu.Dispose();
        Assert.Equal(NvmlStatus.Success, nvml.PowerLimit(device, out var limit));
        Assert.Equal(700_000u, limit);
    }

    [Fact]
    public void A_machine_without_the_library_is_told_so_and_nothing_breaks()
    {
        Assert.False(NvmlLibrary.TryOpen(out _, out var fault, "/nowhere/libnvidia-ml.so.1"));
        Assert.Contains("/nowhere/libnvidia-ml.so.1", fault, StringComparison.Ordinal);
    }

    private static NvmlLibrary Open(TemporaryFolder folder)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux() && File.Exists("/usr/bin/cc"), "There is no C compiler at /usr/bin/cc.");
        File.WriteAllText(folder.At("nvml.c"), Source);
        using var compiler = Process.Start(new ProcessStartInfo("/usr/bin/cc", ["-shared", "-fPIC", "-o", folder.At("libnvml.so"), folder.At("nvml.c")])
        {
            RedirectStandardError = true,
        })!;
        var errors = compiler.StandardError.ReadToEnd();
        compiler.WaitForExit();
        Assert.True(compiler.ExitCode == 0, errors);
        Assert.True(NvmlLibrary.TryOpen(out var library, out var fault, folder.At("libnvml.so")), fault);
        return library;
    }
}
