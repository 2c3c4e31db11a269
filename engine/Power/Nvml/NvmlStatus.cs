namespace Crescent.Engine.Power.Nvml;

/// <summary>What NVML's functions return (<c>nvmlReturn_t</c>); those that are told apart here.</summary>
internal enum NvmlStatus
{
    Success = 0,
    NotSupported = 3,
    NoPermission = 4,
    NotFound = 6,
    DriverNotLoaded = 9,
    LibraryNotFound = 12,
    FunctionNotFound = 13,
    GpuIsLost = 15,
}
