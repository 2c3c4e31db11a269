// CUresult, as far as the emulated driver gives them.
#pragma once

namespace crescent {

using Result = int;

enum : Result {
    Success = 0,
    InvalidValue = 1,
    OutOfMemory = 2,
    NotInitialized = 3,
    NoDevice = 100,
    InvalidDevice = 101,
    InvalidImage = 200,
    InvalidContext = 201,
    PeerAccessUnsupported = 217,
    InvalidHandle = 400,
    NotFound = 500,
    NotReady = 600,
    IllegalAddress = 700,
    LaunchOutOfResources = 701,
    PeerAccessAlreadyEnabled = 704,
    PeerAccessNotEnabled = 705,
    HostMemoryAlreadyRegistered = 712,
    LaunchFailed = 719,
    NotSupported = 801,
    StreamCaptureUnsupported = 900,
    StreamCaptureMerge = 902,
    StreamCaptureUnmatched = 903,
    StreamCaptureUnjoined = 904,
    StreamCaptureIsolation = 905,
    CapturedEvent = 907,
};

// Its name as CUDA spells it, or null.
const char* nameOf(Result result);

}  // namespace crescent
