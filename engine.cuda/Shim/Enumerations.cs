namespace ManagedCuda.BasicTypes;

/// <summary>What the driver answers.</summary>
public enum CUResult
{
    Success = 0,
    ErrorInvalidValue = 1,
    ErrorOutOfMemory = 2,
    ErrorNotInitialized = 3,
    ErrorDeinitialized = 4,
    ErrorNoDevice = 100,
    ErrorInvalidDevice = 101,
    ErrorInvalidContext = 201,
    ErrorPeerAccessUnsupported = 217,
    ErrorNotFound = 500,
    ErrorNotReady = 600,
    ErrorIllegalAddress = 700,
    ErrorPeerAccessAlreadyEnabled = 704,
    ErrorLaunchFailed = 719,
    ErrorUnknown = 999,
}

/// <summary>For cuInit.</summary>
[Flags]
public enum CUInitializationFlags : uint
{
    None = 0,
}

/// <summary>For access to another device's memory.</summary>
[Flags]
public enum CtxEnablePeerAccessFlags : uint
{
    None = 0,
}

/// <summary>What a device is asked.</summary>
public enum CUDeviceAttribute
{
    MultiProcessorCount = 16,
    ComputeCapabilityMajor = 75,
    ComputeCapabilityMinor = 76,
}

/// <summary>How a stream stands to the default one.</summary>
[Flags]
public enum CUStreamFlags : uint
{
    None = 0,
    Default = 0,
    NonBlocking = 1,
}

/// <summary>What an event does.</summary>
[Flags]
public enum CUEventFlags
{
    Default = 0,
    BlockingSync = 1,
    DisableTiming = 2,
    InterProcess = 4,
}

/// <summary>How host memory is pinned.</summary>
[Flags]
public enum CUMemHostAllocFlags
{
    None = 0,
    Portable = 1,
    DeviceMap = 2,
    WriteCombined = 4,
}

/// <summary>How memory that is there is pinned.</summary>
[Flags]
public enum CUMemHostRegisterFlags
{
    None = 0,
    Portable = 1,
    DeviceMap = 2,
}

/// <summary>Who may call what while a stream is captured.</summary>
public enum CUstreamCaptureMode
{
    Global = 0,
    Local = 1,
    Relaxed = 2,
}

/// <summary>How a graph is made ready.</summary>
[Flags]
public enum CUgraphInstantiate_flags : ulong
{
    None = 0,
    AutoFreeOnLaunch = 1,
}

/// <summary>Types of numbers, for cuBLAS.</summary>
public enum cudaDataType
{
    CUDA_R_32F = 0,
    CUDA_R_64F = 1,
    CUDA_R_16F = 2,
    CUDA_R_8I = 3,
    CUDA_R_16BF = 14,
}
