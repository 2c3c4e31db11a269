using System.Runtime.InteropServices;

namespace Crescent.GpuCheck.Device;

/// <summary>The kernels of a GPU's context, compiled when they are first wanted.</summary>
internal sealed unsafe class Kernels(Gpu gpu, CudaLibrary driver) : IDisposable
{
    private static readonly Dictionary<(string File, int Architecture), byte[]> Images = [];
    private readonly Dictionary<string, nint> _modules = [];
    private readonly Dictionary<string, nint> _functions = [];
    private KernelCompiler? _compiler;

    /// <summary>A kernel of a source.</summary>
    public nint Find(string file, string kernel)
    {
        if (_functions.TryGetValue(kernel, out var function))
            return function;
        var name = Marshal.StringToCoTaskMemUTF8(kernel);
        gpu.Check(
            $"cuModuleGetFunction of {kernel}",
            ((delegate* unmanaged<nint*, nint, nint, int>)driver.Entry("cuModuleGetFunction"))(&function, Module(file), name));
        Marshal.FreeCoTaskMem(name);
        return _functions[kernel] = function;
    }

    /// <summary>Takes another source under the name <paramref name="file"/>.</summary>
    public void Load(string file, string source)
    {
        _compiler ??= new KernelCompiler();
        _modules[file] = Load(file, _compiler.CompileText(file, source, $"sm_{gpu.Architecture}").Image);
    }

    public void Dispose()
    {
        foreach (var module in _modules.Values)
            _ = ((delegate* unmanaged<nint, int>)driver.Entry("cuModuleUnload"))(module);
    }

    private nint Module(string file)
    {
        if (_modules.TryGetValue(file, out var module))
            return module;
        byte[]? image;
        lock (Images)
        {
            if (!Images.TryGetValue((file, gpu.Architecture), out image))
            {
                _compiler ??= new KernelCompiler();
                image = Images[(file, gpu.Architecture)] = _compiler.Compile(file, KernelCompiler.Target(file, gpu.Architecture)).Image;
            }
        }

        return _modules[file] = Load(file, image);
    }

    private nint Load(string file, byte[] image)
    {
        nint module;
        fixed (byte* bytes = image)
        {
            gpu.Check($"cuModuleLoadData of {file}", ((delegate* unmanaged<nint*, byte*, int>)driver.Entry("cuModuleLoadData"))(&module, bytes));
        }

        return module;
    }
}
