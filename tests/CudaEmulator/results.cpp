#include "results.h"

namespace crescent {

const char* nameOf(Result result) {
    switch (result) {
        case Success: return "CUDA_SUCCESS";
        case InvalidValue: return "CUDA_ERROR_INVALID_VALUE";
        case OutOfMemory: return "CUDA_ERROR_OUT_OF_MEMORY";
        case NotInitialized: return "CUDA_ERROR_NOT_INITIALIZED";
        case NoDevice: return "CUDA_ERROR_NO_DEVICE";
        case InvalidDevice: return "CUDA_ERROR_INVALID_DEVICE";
        case InvalidImage: return "CUDA_ERROR_INVALID_IMAGE";
        case InvalidContext: return "CUDA_ERROR_INVALID_CONTEXT";
        case PeerAccessUnsupported: return "CUDA_ERROR_PEER_ACCESS_UNSUPPORTED";
        case 214: return "CUDA_ERROR_ECC_UNCORRECTABLE";
        case InvalidHandle: return "CUDA_ERROR_INVALID_HANDLE";
        case NotFound: return "CUDA_ERROR_NOT_FOUND";
        case NotReady: return "CUDA_ERROR_NOT_READY";
        case IllegalAddress: return "CUDA_ERROR_ILLEGAL_ADDRESS";
        case LaunchOutOfResources: return "CUDA_ERROR_LAUNCH_OUT_OF_RESOURCES";
        case 702: return "CUDA_ERROR_LAUNCH_TIMEOUT";
        case PeerAccessAlreadyEnabled: return "CUDA_ERROR_PEER_ACCESS_ALREADY_ENABLED";
        case PeerAccessNotEnabled: return "CUDA_ERROR_PEER_ACCESS_NOT_ENABLED";
        case 710: return "CUDA_ERROR_ASSERT";
        case 714: return "CUDA_ERROR_HARDWARE_STACK_ERROR";
        case 716: return "CUDA_ERROR_MISALIGNED_ADDRESS";
        case HostMemoryAlreadyRegistered: return "CUDA_ERROR_HOST_MEMORY_ALREADY_REGISTERED";
        case LaunchFailed: return "CUDA_ERROR_LAUNCH_FAILED";
        case NotSupported: return "CUDA_ERROR_NOT_SUPPORTED";
        case StreamCaptureUnsupported: return "CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED";
        case StreamCaptureMerge: return "CUDA_ERROR_STREAM_CAPTURE_MERGE";
        case StreamCaptureUnmatched: return "CUDA_ERROR_STREAM_CAPTURE_UNMATCHED";
        case StreamCaptureUnjoined: return "CUDA_ERROR_STREAM_CAPTURE_UNJOINED";
        case StreamCaptureIsolation: return "CUDA_ERROR_STREAM_CAPTURE_ISOLATION";
        case CapturedEvent: return "CUDA_ERROR_CAPTURED_EVENT";
        default: return nullptr;
    }
}

}  // namespace crescent
