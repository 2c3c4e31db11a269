using System.Runtime.InteropServices;
using System.Text;
using Crescent.Engine.Cuda;

namespace Crescent.GpuCheck.Device;

/// <summary>Compiles the device's kernels with the NVRTC at hand; needs no GPU.</summary>
internal sealed unsafe class KernelCompiler
{
    /// <summary>Environment variable: a folder of kernel sources to check instead of the device's own.</summary>
    private const string SourcesVariable = "CRESCENT_KERNEL_SOURCES";

    private readonly CudaLibrary _library;

    public KernelCompiler(CudaLibrary? library = null) => _library = library ?? CudaLibrary.Compiler();

    /// <summary>Where NVRTC is.</summary>
    public string Path => _library.Path;

    public Version Version
    {
        get
        {
            int major, minor;
            Check("nvrtcVersion", ((delegate* unmanaged<int*, int*, int>)_library.Entry("nvrtcVersion"))(&major, &minor));
            return new Version(major, minor);
        }
    }

    /// <summary>The kernel sources, without the headers.</summary>
    public static IReadOnlyList<string> Files { get; } =
        [.. typeof(CudaDevice).Assembly.GetManifestResourceNames().Where(static name => name.EndsWith(".cu", StringComparison.Ordinal)).Order(StringComparer.Ordinal)];

    /// <summary>What a source is compiled for: Hopper's products of warp groups are of sm_90a alone.</summary>
    public static string Target(string file, int architecture) => $"sm_{architecture}{(architecture == 90 && file.StartsWith("wide", StringComparison.Ordinal) ? "a" : "")}";

    /// <summary>The text of a source or header.</summary>
    public static string Source(string file)
    {
        if (Environment.GetEnvironmentVariable(SourcesVariable) is { Length: > 0 } folder)
            return File.ReadAllText(System.IO.Path.Combine(folder, file));
        using var stream = typeof(CudaDevice).Assembly.GetManifestResourceStream(file) ?? throw new FileNotFoundException($"There is no kernel source {file}.");
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }

    /// <summary>Compiles a source for an architecture such as <c>sm_90</c>.</summary>
    /// <returns>The image and what the compiler said.</returns>
    public (byte[] Image, string Log) Compile(string file, string architecture, params string[] more) => CompileText(file, Source(file), architecture, more);

    /// <summary>Compiles any text, with the device's headers.</summary>
    public (byte[] Image, string Log) CompileText(string name, string source, string architecture, params string[] more)
    {
        string[] headers = [.. typeof(CudaDevice).Assembly.GetManifestResourceNames().Where(static n => n.EndsWith(".cuh", StringComparison.Ordinal))];
        string[] options = [$"--gpu-architecture={architecture}", "--std=c++17", .. more];
        nint program;
        var text = new Texts([source, name, .. headers.Select(Source), .. headers, .. options]);
        fixed (nint* at = text.Pointers)
        {
            Check("nvrtcCreateProgram", ((delegate* unmanaged<nint*, nint, nint, int, nint*, nint*, int>)_library.Entry("nvrtcCreateProgram"))(
                &program, at[0], at[1], headers.Length, at + 2, at + 2 + headers.Length));
            try
            {
                var result = ((delegate* unmanaged<nint, int, nint*, int>)_library.Entry("nvrtcCompileProgram"))(program, options.Length, at + 2 + (2 * headers.Length));
                var log = Encoding.UTF8.GetString(Read(program, "nvrtcGetProgramLogSize", "nvrtcGetProgramLog")).TrimEnd('\0');
                return result == 0
                    ? (Read(program, "nvrtcGetCUBINSize", "nvrtcGetCUBIN"), log)
                    : throw new InvalidOperationException($"NVRTC answered {result} for {name}:\n{log}");
            }
            finally
            {
                _ = ((delegate* unmanaged<nint*, int>)_library.Entry("nvrtcDestroyProgram"))(&program);
                text.Dispose();
            }
        }
    }

    private byte[] Read(nint program, string size, string read)
    {
        nuint length;
        Check(size, ((delegate* unmanaged<nint, nuint*, int>)_library.Entry(size))(program, &length));
        var bytes = new byte[(int)length];
        fixed (byte* target = bytes)
        {
            Check(read, ((delegate* unmanaged<nint, byte*, int>)_library.Entry(read))(program, target));
        }

        return bytes;
    }

    private static void Check(string call, int result)
    {
        if (result != 0)
            throw new CudaCallException(call, result, null);
    }

    /// <summary>Strings as the library takes them.</summary>
    private sealed class Texts(IEnumerable<string> texts) : IDisposable
    {
        public nint[] Pointers { get; } = [.. texts.Select(Marshal.StringToCoTaskMemUTF8)];

        public void Dispose()
        {
            foreach (var pointer in Pointers)
                Marshal.FreeCoTaskMem(pointer);
        }
    }
}
