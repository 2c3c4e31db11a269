// Allocations, copies, fills.
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include <map>
#include <mutex>

#include "api.h"

using namespace crescent;

namespace {

std::mutex hostMutex;
struct HostRange {
    size_t bytes;
    Context* registeredBy;  // null for what was allocated
};

std::map<void*, HostRange>& hostMemory() {
    static auto all = new std::map<void*, HostRange>;
    return *all;
}

bool onDevice(Address address, size_t bytes) {
    for (auto& device : devices())
        if (device->memory.holds(address, bytes)) return true;
    return false;
}

enum class Direction { ToDevice, ToHost, Within };

Result copy(void* to, const void* from, size_t bytes, Stream* stream, bool wait, Direction direction) {
    if (!bytes) return Success;
    if (direction != Direction::ToHost && !onDevice(reinterpret_cast<Address>(to), bytes)) return InvalidValue;
    if (direction != Direction::ToDevice && !onDevice(reinterpret_cast<Address>(from), bytes)) return InvalidValue;
    Context* context = current();
    Counters& counters = context->device->counters;
    auto work = [=, &counters] {
        if (context->sticky != Success) return;
        memmove(to, from, bytes);
        (direction == Direction::ToDevice ? counters.bytesToDevice : direction == Direction::ToHost ? counters.bytesToHost : counters.bytesWithin) += bytes;
    };
    if (direction == Direction::ToDevice && !wait) {
        // Memory that is not pinned is read before the call returns, as the device does.
        bool pinned;
        {
            std::lock_guard<std::mutex> lock(hostMutex);
            auto after = hostMemory().upper_bound(const_cast<void*>(from));
            pinned = after != hostMemory().begin() && (--after, static_cast<const char*>(from) < static_cast<char*>(after->first) + after->second.bytes);
        }
        if (!pinned && !streamOf(stream)->capture) {
            auto staged = std::make_shared<std::string>(static_cast<const char*>(from), bytes);
            context->put(streamOf(stream), [=, &counters] {
                if (context->sticky != Success) return;
                memcpy(to, staged->data(), bytes);
                counters.bytesToDevice += bytes;
            });
            return Success;
        }
    }
    context->put(streamOf(stream), work);
    return wait ? context->wait(streamOf(stream)) : Success;
}

template <class T>
Result fill(Address address, T value, size_t count, Stream* stream, bool wait) {
    if (!count) return Success;
    if (!onDevice(address, count * sizeof(T))) return InvalidValue;
    Context* context = current();
    context->put(streamOf(stream), [=] {
        if (context->sticky != Success) return;
        auto p = reinterpret_cast<T*>(address);
        for (size_t i = 0; i < count; i++) p[i] = value;
    });
    return wait ? context->wait(streamOf(stream)) : Success;
}

void* host(Address address) { return reinterpret_cast<void*>(address); }

}  // namespace

API cuMemAlloc_v2(Address* address, size_t bytes) {
    ENTER();
    return current()->device->memory.allocate(address, bytes);
}

API cuMemFree_v2(Address address) {
    ENTER();
    Context* context = current();
    context->drain();
    Result result = context->device->memory.release(address);
    if (result == IllegalAddress) context->fail(result, "something was written behind the end of an allocation");
    return result;
}

API cuMemAllocAsync(Address* address, size_t bytes, Stream*) { return cuMemAlloc_v2(address, bytes); }
API cuMemFreeAsync(Address address, Stream*) { return cuMemFree_v2(address); }

API cuMemGetInfo_v2(size_t* free, size_t* total) {
    ENTER();
    Memory& memory = current()->device->memory;
    *total = memory.total();
    *free = memory.total() - std::min(memory.total(), memory.used());
    return Success;
}

API cuMemGetAddressRange_v2(Address* start, size_t* bytes, Address address) {
    ENTER();
    return current()->device->memory.range(address, start, bytes) ? Success : InvalidValue;
}

API cuMemHostAlloc(void** memory, size_t bytes, unsigned) {
    ENTER();
    if (posix_memalign(memory, 4096, bytes ? bytes : 1)) return OutOfMemory;
    std::lock_guard<std::mutex> lock(hostMutex);
    hostMemory()[*memory] = {bytes, nullptr};
    return Success;
}

API cuMemAllocHost_v2(void** memory, size_t bytes) { return cuMemHostAlloc(memory, bytes, 0); }

API cuMemFreeHost(void* memory) {
    trace(__func__);
    {
        std::lock_guard<std::mutex> lock(hostMutex);
        if (!hostMemory().erase(memory)) return InvalidValue;
    }
    free(memory);
    return Success;
}

API cuMemHostRegister_v2(void* memory, size_t bytes, unsigned) {
    ENTER();
    std::lock_guard<std::mutex> lock(hostMutex);
    return hostMemory().emplace(memory, HostRange{bytes, current()}).second ? Success : HostMemoryAlreadyRegistered;
}

void crescent::unregisterAll(Context* context) {
    std::lock_guard<std::mutex> lock(hostMutex);
    auto& all = hostMemory();
    for (auto each = all.begin(); each != all.end();) each = each->second.registeredBy == context ? all.erase(each) : std::next(each);
}

API cuMemHostUnregister(void* memory) {
    std::lock_guard<std::mutex> lock(hostMutex);
    return hostMemory().erase(memory) ? Success : InvalidValue;
}

API cuMemHostGetDevicePointer_v2(Address* address, void* memory, unsigned) {
    *address = reinterpret_cast<Address>(memory);
    return Success;
}

API cuMemcpyHtoD_v2(Address to, const void* from, size_t bytes) {
    ENTER();
    return copy(host(to), from, bytes, nullptr, true, Direction::ToDevice);
}

API cuMemcpyHtoDAsync_v2(Address to, const void* from, size_t bytes, Stream* stream) {
    ENTER();
    return copy(host(to), from, bytes, stream, false, Direction::ToDevice);
}

API cuMemcpyDtoH_v2(void* to, Address from, size_t bytes) {
    ENTER();
    return copy(to, host(from), bytes, nullptr, true, Direction::ToHost);
}

API cuMemcpyDtoHAsync_v2(void* to, Address from, size_t bytes, Stream* stream) {
    ENTER();
    return copy(to, host(from), bytes, stream, false, Direction::ToHost);
}

API cuMemcpyDtoD_v2(Address to, Address from, size_t bytes) {
    ENTER();
    return copy(host(to), host(from), bytes, nullptr, true, Direction::Within);
}

API cuMemcpyDtoDAsync_v2(Address to, Address from, size_t bytes, Stream* stream) {
    ENTER();
    return copy(host(to), host(from), bytes, stream, false, Direction::Within);
}

// Each address must be of its own context's device; access of kernels is not needed.
static Result copyPeer(Address to, Context* target, Address from, Context* source, size_t bytes, Stream* stream, bool wait) {
    if (!alive(target) || !alive(source)) return InvalidContext;
    if (bytes && (!target->device->memory.holds(to, bytes) || !source->device->memory.holds(from, bytes))) return InvalidValue;
    return copy(host(to), host(from), bytes, stream, wait, Direction::Within);
}

API cuMemcpyPeer(Address to, Context* target, Address from, Context* source, size_t bytes) {
    ENTER();
    return copyPeer(to, target, from, source, bytes, nullptr, true);
}

API cuMemcpyPeerAsync(Address to, Context* target, Address from, Context* source, size_t bytes, Stream* stream) {
    ENTER();
    if (streamOf(stream)->capture && !settings().capturesCopies) return NotSupported;
    return copyPeer(to, target, from, source, bytes, stream, false);
}

API cuMemsetD8_v2(Address address, unsigned char value, size_t count) {
    ENTER();
    return fill(address, value, count, nullptr, true);
}

API cuMemsetD16_v2(Address address, unsigned short value, size_t count) {
    ENTER();
    return fill(address, value, count, nullptr, true);
}

API cuMemsetD32_v2(Address address, unsigned value, size_t count) {
    ENTER();
    return fill(address, value, count, nullptr, true);
}

API cuMemsetD8Async(Address address, unsigned char value, size_t count, Stream* stream) {
    ENTER();
    return fill(address, value, count, stream, false);
}

API cuMemsetD16Async(Address address, unsigned short value, size_t count, Stream* stream) {
    ENTER();
    return fill(address, value, count, stream, false);
}

API cuMemsetD32Async(Address address, unsigned value, size_t count, Stream* stream) {
    ENTER();
    return fill(address, value, count, stream, false);
}
