using Crescent.Engine.Cuda.Driver;
using ManagedCuda;
using ManagedCuda.BasicTypes;

namespace Crescent.Engine.Cuda.Compilation;

/// <summary>A GPU's kernels: each source is compiled, or found compiled, when one of its kernels is first asked for.</summary>
internal sealed class KernelLibrary : IDisposable
{
    private readonly GpuContext _context;
    private readonly CodeCache _cache;
    private readonly Dictionary<string, CUmodule> _modules = [];
    private readonly List<Kernel> _kernels = [];

    /// <param name="context">The GPU's.</param>
    /// <param name="cacheFolder">Where compiled code is kept; null for the user's cache.</param>
    public KernelLibrary(GpuContext context, string? cacheFolder)
    {
        _context = context;
        _cache = new CodeCache(cacheFolder ?? CodeCache.DefaultFolder);
    }

    /// <summary>The GPU.</summary>
    public CudaGpu Gpu => _context.Gpu;

    /// <summary>Why compiled code is not kept, or null.</summary>
    public string? CacheFault => _cache.Fault;

    /// <summary>A kernel of a source such as <c>layers.cu</c>; each call gives another, with parameters of its own.</summary>
    /// <exception cref="CudaDeviceException">It cannot be compiled or loaded.</exception>
    public Kernel Get(string source, string name) => Find(source, name) ?? throw new CudaDeviceException($"{_context.Name} ({_context.Gpu.Name}) has no kernel {name} of {source}.");

    /// <summary>The same, or null where the source has no such kernel for this GPU.</summary>
    public Kernel? Find(string source, string name)
    {
        if (!_modules.TryGetValue(source, out var module))
        {
            _modules[source] = module = Load(source);
        }

        var function = default(CUfunction);
        var found = DriverAPINativeMethods.ModuleManagement.cuModuleGetFunction(ref function, module, name);
        if (found == CUResult.ErrorNotFound)
        {
            return null;
        }

        _context.Check(found, $"find the kernel {name}");
        var kernel = new Kernel(_context, function, name);
        _kernels.Add(kernel);
        return kernel;
    }

    public void Dispose()
    {
        foreach (var kernel in _kernels)
        {
            kernel.Dispose();
        }

        foreach (var module in _context.IsSick ? [] : _modules.Values.ToArray())
        {
            _ = DriverAPINativeMethods.ModuleManagement.cuModuleUnload(module);
        }

        _kernels.Clear();
        _modules.Clear();
    }

    private CUmodule Load(string source)
    {
        var gpu = _context.Gpu;
        var hash = KernelSources.Hash(source, $"{KernelCompiler.Target(source, gpu)} {gpu.Name} {gpu.DriverVersion}");
        var module = default(CUmodule);
        if (_cache.Find(hash) is { } kept && DriverAPINativeMethods.ModuleManagement.cuModuleLoadData(ref module, kept) == CUResult.Success)
        {
            return module;
        }

        var code = KernelCompiler.Compile(source, gpu);
        _context.Check(DriverAPINativeMethods.ModuleManagement.cuModuleLoadData(ref module, code), $"load the kernels of {source}");
        _cache.Keep(hash, code);
        return module;
    }
}
