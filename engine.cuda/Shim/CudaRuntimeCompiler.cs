using System.Runtime.InteropServices;
using System.Text;

namespace ManagedCuda.NVRTC;

/// <summary>What NVRTC answers.</summary>
public enum nvrtcResult
{
    Success = 0,
    ErrorOutOfMemory = 1,
    ErrorProgramCreationFailure = 2,
    ErrorInvalidInput = 3,
    ErrorInvalidProgram = 4,
    ErrorInvalidOption = 5,
    ErrorCompilation = 6,
    ErrorBuiltinOperationFailure = 7,
}

/// <summary>NVRTC has refused a call.</summary>
public sealed class NVRTCException(nvrtcResult error) : Exception($"NVRTC answered {error} ({(int)error}).")
{
    /// <summary>What it answered.</summary>
    public nvrtcResult NVRTCError { get; } = error;
}

/// <summary>One program of CUDA C++, compiled at run time.</summary>
public sealed unsafe class CudaRuntimeCompiler : IDisposable
{
    private const string Library = "nvrtc";
    private nint _program;

    public CudaRuntimeCompiler(string source, string name, string[] headers, string[] includeNames)
    {
        using var text = new Texts([source, name]);
        using var contents = new Texts(headers);
        using var names = new Texts(includeNames);
        fixed (nint* program = &_program, heads = contents.Pointers, includes = names.Pointers)
        {
            Check(nvrtcCreateProgram(program, text.Pointers[0], text.Pointers[1], headers.Length, heads, includes));
        }
    }

    public static Version GetVersion()
    {
        int major, minor;
        Check(nvrtcVersion(&major, &minor));
        return new Version(major, minor);
    }

    public void Compile(string[] options)
    {
        using var texts = new Texts(options);
        fixed (nint* pointers = texts.Pointers)
        {
            Check(nvrtcCompileProgram(_program, options.Length, pointers));
        }
    }

    public byte[] GetPTX() => Get(&nvrtcGetPTXSize, &nvrtcGetPTX);

    public byte[] GetCubin() => Get(&nvrtcGetCUBINSize, &nvrtcGetCUBIN);

    public string GetLogAsString() => Encoding.UTF8.GetString(Get(&nvrtcGetProgramLogSize, &nvrtcGetProgramLog)).TrimEnd('\0');

    public void Dispose()
    {
        fixed (nint* program = &_program)
        {
            if (_program != 0)
            {
                _ = nvrtcDestroyProgram(program);
                _program = 0;
            }
        }
    }

    private byte[] Get(delegate*<nint, nuint*, nvrtcResult> size, delegate*<nint, byte*, nvrtcResult> read)
    {
        nuint length;
        Check(size(_program, &length));
        var bytes = new byte[(int)length];
        fixed (byte* pointer = bytes)
        {
            if (length > 0)
            {
                Check(read(_program, pointer));
            }
        }

        return bytes;
    }

    private static void Check(nvrtcResult result)
    {
        if (result != nvrtcResult.Success)
        {
            throw new NVRTCException(result);
        }
    }

    [DllImport(Library)]
    private static extern nvrtcResult nvrtcVersion(int* major, int* minor);

    [DllImport(Library)]
    private static extern nvrtcResult nvrtcCreateProgram(nint* program, nint source, nint name, int count, nint* headers, nint* includeNames);

    [DllImport(Library)]
    private static extern nvrtcResult nvrtcCompileProgram(nint program, int count, nint* options);

    [DllImport(Library)]
    private static extern nvrtcResult nvrtcDestroyProgram(nint* program);

    [DllImport(Library)]
    private static extern nvrtcResult nvrtcGetProgramLogSize(nint program, nuint* size);

    [DllImport(Library)]
    private static extern nvrtcResult nvrtcGetProgramLog(nint program, byte* log);

    [DllImport(Library)]
    private static extern nvrtcResult nvrtcGetPTXSize(nint program, nuint* size);

    [DllImport(Library)]
    private static extern nvrtcResult nvrtcGetPTX(nint program, byte* image);

    [DllImport(Library)]
    private static extern nvrtcResult nvrtcGetCUBINSize(nint program, nuint* size);

    [DllImport(Library)]
    private static extern nvrtcResult nvrtcGetCUBIN(nint program, byte* image);

    /// <summary>Strings as the library takes them.</summary>
    private sealed class Texts(string[] texts) : IDisposable
    {
        public nint[] Pointers { get; } = [.. texts.Select(Marshal.StringToCoTaskMemUTF8)];

        public void Dispose()
        {
            foreach (var pointer in Pointers)
            {
                Marshal.FreeCoTaskMem(pointer);
            }
        }
    }
}
