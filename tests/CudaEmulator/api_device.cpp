// cuInit, devices, contexts, errors.
#include <string.h>

#include <algorithm>
#include <string>

#include "api.h"
#include "launch.h"

using namespace crescent;

bool crescent::initialized = false;

API cuInit(unsigned flags) {
    trace(__func__);
    if (flags) return InvalidValue;
    if (devices().empty()) return NoDevice;
    catchFaults();
    initialized = true;
    return Success;
}

API cuDriverGetVersion(int* version) {
    *version = 12080;
    return Success;
}

API cuDeviceGetCount(int* count) {
    if (!initialized) return NotInitialized;
    *count = static_cast<int>(devices().size());
    return Success;
}

API cuDeviceGet(int* device, int ordinal) {
    if (!initialized) return NotInitialized;
    if (!deviceOf(ordinal)) return InvalidDevice;
    *device = ordinal;
    return Success;
}

API cuDeviceGetName(char* name, int length, int device) {
    if (!deviceOf(device)) return InvalidDevice;
    // What is compiled for one build of the emulator is for no other: programs keep compiled kernels by the device's name.
    snprintf(name, static_cast<size_t>(length), "Emulated GPU " CRESCENT_BUILD);
    return Success;
}

API cuDeviceTotalMem_v2(size_t* bytes, int device) {
    if (!deviceOf(device)) return InvalidDevice;
    *bytes = deviceOf(device)->memory.total();
    return Success;
}

API cuDeviceGetAttribute(int* value, int attribute, int device) {
    if (!deviceOf(device)) return InvalidDevice;
    switch (attribute) {
        case 1: *value = MostThreads; break;               // threads of a block
        case 2: case 3: *value = 1024; break;              // block's x, y
        case 4: *value = 64; break;                        // block's z
        case 5: *value = 2147483647; break;                // grid's x
        case 6: case 7: *value = 65535; break;             // grid's y, z
        case 8: *value = 48 * 1024; break;                 // shared memory of a block
        case 10: *value = 32; break;                       // warp
        case 12: *value = 65536; break;                    // registers of a block
        case 13: *value = 1000000; break;                  // clock, kHz
        case 16: *value = 4; break;                        // multiprocessors: few, so that grids that follow them are small
        case 33: *value = device; break;                   // PCI bus
        case 34: *value = 0; break;                        // PCI device
        case 36: *value = 1000000; break;                  // memory's clock, kHz
        case 37: *value = 256; break;                      // memory bus, bits
        case 38: *value = 4 << 20; break;                  // L2, bytes
        case 39: *value = 2048; break;                     // threads of a multiprocessor
        case 40: case 41: *value = 1; break;               // asynchronous engines, unified addressing
        case 75: *value = 9; break;                        // compute capability
        case 76: *value = 0; break;
        case 81: *value = MostShared + 1024; break;        // shared memory of a multiprocessor
        case 82: *value = 65536; break;                    // registers of a multiprocessor
        case 95: *value = 1; break;                        // cooperative launch
        case 97: *value = MostShared; break;               // shared memory of a block that asks for it
        case 106: *value = 32; break;                      // blocks of a multiprocessor
        case 115: *value = 0; break;                       // memory pools
        default: *value = 0; break;
    }
    return Success;
}

API cuDeviceGetUuid_v2(char* uuid, int device) {
    if (!deviceOf(device)) return InvalidDevice;
    memset(uuid, 0xe0, 16);
    uuid[15] = static_cast<char>(device);
    return Success;
}

API cuDeviceGetUuid(char* uuid, int device) { return cuDeviceGetUuid_v2(uuid, device); }

API cuDeviceGetPCIBusId(char* id, int length, int device) {
    if (!deviceOf(device)) return InvalidDevice;
    snprintf(id, static_cast<size_t>(length), "0000:%02x:00.0", device);
    return Success;
}

API cuDevicePrimaryCtxRetain(Context** context, int device) {
    trace(__func__);
    if (!initialized) return NotInitialized;
    Device* owner = deviceOf(device);
    if (!owner) return InvalidDevice;
    if (!owner->primary) owner->primary = std::make_unique<Context>(owner);
    owner->retained++;
    *context = owner->primary.get();
    return Success;
}

static void end(Device& device) {
    device.primary.reset();
    device.memory.clear();
    device.retained = 0;
}

API cuDevicePrimaryCtxRelease_v2(int device) {
    trace(__func__);
    Device* owner = deviceOf(device);
    if (!owner) return InvalidDevice;
    if (!owner->primary) return InvalidContext;
    if (--owner->retained == 0) end(*owner);
    return Success;
}

API cuDevicePrimaryCtxRelease(int device) { return cuDevicePrimaryCtxRelease_v2(device); }

API cuDevicePrimaryCtxReset_v2(int device) {
    trace(__func__);
    Device* owner = deviceOf(device);
    if (!owner) return InvalidDevice;
    end(*owner);
    return Success;
}

API cuDevicePrimaryCtxReset(int device) { return cuDevicePrimaryCtxReset_v2(device); }

API cuDevicePrimaryCtxSetFlags_v2(int device, unsigned flags) {
    if (!deviceOf(device)) return InvalidDevice;
    deviceOf(device)->primaryFlags = flags;
    return Success;
}

API cuDevicePrimaryCtxSetFlags(int device, unsigned flags) { return cuDevicePrimaryCtxSetFlags_v2(device, flags); }

API cuDevicePrimaryCtxGetState(int device, unsigned* flags, int* active) {
    Device* owner = deviceOf(device);
    if (!owner) return InvalidDevice;
    *flags = owner->primaryFlags;
    *active = owner->primary != nullptr;
    return Success;
}

// A context of its own is the primary one here: a device has one at a time in every use of it.
API cuCtxCreate_v2(Context** context, unsigned, int device) {
    Result result = cuDevicePrimaryCtxRetain(context, device);
    if (result == Success) contexts().push_back(*context);
    return result;
}

API cuCtxDestroy_v2(Context* context) {
    if (!alive(context)) return InvalidContext;
    auto& stack = contexts();
    stack.erase(std::remove(stack.begin(), stack.end(), context), stack.end());
    return cuDevicePrimaryCtxRelease_v2(context->device->ordinal);
}

API cuCtxSetCurrent(Context* context) {
    if (!initialized) return NotInitialized;
    if (context && !alive(context)) return InvalidContext;
    auto& stack = contexts();
    if (!stack.empty()) stack.pop_back();
    if (context) stack.push_back(context);
    return Success;
}

API cuCtxGetCurrent(Context** context) {
    *context = current();
    return Success;
}

API cuCtxPushCurrent_v2(Context* context) {
    if (!alive(context)) return InvalidContext;
    contexts().push_back(context);
    return Success;
}

API cuCtxPopCurrent_v2(Context** context) {
    auto& stack = contexts();
    if (stack.empty()) return InvalidContext;
    if (context) *context = stack.back();
    stack.pop_back();
    return Success;
}

API cuCtxGetDevice(int* device) {
    if (!current()) return InvalidContext;
    *device = current()->device->ordinal;
    return Success;
}

API cuCtxGetApiVersion(Context*, unsigned* version) {
    *version = 3020;
    return Success;
}

API cuCtxGetStreamPriorityRange(int* least, int* greatest) {
    *least = 0;
    *greatest = -5;
    return Success;
}

API cuCtxSynchronize() {
    ENTER();
    Context* context = current();
    context->drain();
    return context->sticky;
}

API cuCtxSetLimit(int, size_t) { return check(); }
API cuCtxSetCacheConfig(int) { return check(); }
API cuDeviceCanAccessPeer(int* can, int a, int b) {
    *can = a != b && settings().peers;
    return deviceOf(a) && deviceOf(b) ? Success : InvalidDevice;
}

API cuCtxEnablePeerAccess(Context* peer, unsigned flags) {
    ENTER();
    if (flags) return InvalidValue;
    if (!alive(peer) || peer == current()) return InvalidContext;
    if (!settings().peers) return PeerAccessUnsupported;
    return current()->reach(peer) ? Success : PeerAccessAlreadyEnabled;
}

API cuCtxDisablePeerAccess(Context* peer) {
    ENTER();
    if (!alive(peer)) return InvalidContext;
    return current()->leave(peer) ? Success : PeerAccessNotEnabled;
}

API cuGetErrorName(Result result, const char** name) {
    *name = nameOf(result);
    return *name ? Success : InvalidValue;
}

API cuGetErrorString(Result result, const char** text) {
    static thread_local std::string kept;
    Context* context = current();
    kept = context && context->sticky == result && !context->why.empty() ? context->why : nameOf(result) ? nameOf(result) : "";
    *text = kept.c_str();
    return nameOf(result) ? Success : InvalidValue;
}
