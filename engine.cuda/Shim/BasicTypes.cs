namespace ManagedCuda.BasicTypes;

/// <summary>A number of bytes or elements: 8 bytes.</summary>
public struct SizeT
{
    private nuint _value;

    public SizeT(ulong value) => _value = (nuint)value;

    public static implicit operator SizeT(int value) => new((ulong)value);

    public static implicit operator SizeT(uint value) => new(value);

    public static implicit operator SizeT(long value) => new((ulong)value);

    public static implicit operator SizeT(ulong value) => new(value);

    public static implicit operator SizeT(nint value) => new((ulong)value);

    public static implicit operator ulong(SizeT size) => size._value;

    public static implicit operator long(SizeT size) => (long)size._value;

    public static implicit operator int(SizeT size) => (int)size._value;
}

/// <summary>A device's number for the driver.</summary>
public struct CUdevice
{
    public int Pointer;
}

/// <summary>A context.</summary>
public struct CUcontext
{
    public nint Pointer;
}

/// <summary>Loaded code.</summary>
public struct CUmodule
{
    public nint Pointer;
}

/// <summary>A kernel of a module.</summary>
public struct CUfunction
{
    public nint Pointer;
}

/// <summary>A queue of work.</summary>
public struct CUstream
{
    public nint Pointer;
}

/// <summary>A mark in a stream.</summary>
public struct CUevent
{
    public nint Pointer;
}

/// <summary>Work that was captured.</summary>
public struct CUgraph
{
    public nint Pointer;
}

/// <summary>A graph ready to run.</summary>
public struct CUgraphExec
{
    public nint Pointer;
}

/// <summary>An address in device memory.</summary>
public struct CUdeviceptr
{
    public SizeT Pointer;

    public CUdeviceptr(SizeT pointer) => Pointer = pointer;

    public static implicit operator ulong(CUdeviceptr pointer) => pointer.Pointer;

    public static CUdeviceptr operator +(CUdeviceptr pointer, SizeT bytes) => new((ulong)pointer.Pointer + (ulong)bytes);

    public static CUdeviceptr operator -(CUdeviceptr pointer, SizeT bytes) => new((ulong)pointer.Pointer - (ulong)bytes);
}

/// <summary>A device's identity: 16 bytes.</summary>
public unsafe struct CUuuid
{
    public fixed byte bytes[16];
}
