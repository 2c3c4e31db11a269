// What tests ask of the emulated machine itself. Not part of CUDA.
#include "api.h"

using namespace crescent;

// The launch after `launches` more on the device faults with `error`, which stays. Below 0: none does.
API crescentEmulatorFail(int device, Result error, long launches) {
    if (!deviceOf(device)) return InvalidDevice;
    deviceOf(device)->failure = error;
    deviceOf(device)->launchesToFailure = launches;
    return Success;
}

// The device's memory, bytes; what is allocated stays.
API crescentEmulatorSetMemory(int device, size_t bytes) {
    if (!deviceOf(device)) return InvalidDevice;
    deviceOf(device)->memory.resize(bytes);
    return Success;
}

// The next `count` allocations on the device fail.
API crescentEmulatorRefuse(int device, int count) {
    if (!deviceOf(device)) return InvalidDevice;
    deviceOf(device)->memory.refuse(count);
    return Success;
}

// Order of threads and blocks: 0 as numbered, 1 backwards, else a seed.
API crescentEmulatorSetOrder(unsigned order) {
    settings().order = order;
    return Success;
}

// Whether kernels may be let at other devices' memory.
API crescentEmulatorSetPeers(int allowed) {
    settings().peers = allowed != 0;
    return Success;
}

// Whether copies between devices may be captured.
API crescentEmulatorSetCapturesCopies(int allowed) {
    settings().capturesCopies = allowed != 0;
    return Success;
}

// While held, launches wait.
API crescentEmulatorHold(int device, int held) {
    if (!deviceOf(device)) return InvalidDevice;
    deviceOf(device)->held = held != 0;
    return Success;
}

// launches, blocks, bytes to the device, to the host, within, graph launches, modules, bytes in use, most bytes in use.
API crescentEmulatorCounters(int device, unsigned long long* values) {
    Device* of = deviceOf(device);
    if (!of) return InvalidDevice;
    Counters& c = of->counters;
    unsigned long long all[] = {c.launches, c.blocks, c.bytesToDevice, c.bytesToHost, c.bytesWithin, c.graphLaunches, c.compiledModules, of->memory.used(), of->memory.peak()};
    std::copy(std::begin(all), std::end(all), values);
    return Success;
}

// Whether the memory is one allocation's, for the libraries beside this one.
API crescentEmulatorHolds(unsigned long long address, size_t bytes) {
    for (auto& device : devices())
        if (device->memory.holds(address, bytes)) return Success;
    return InvalidValue;
}

// Makes the context of the device unusable, as a fault on a stream does.
API crescentEmulatorBreak(int device, Result error) {
    Device* of = deviceOf(device);
    if (!of) return InvalidDevice;
    if (!of->primary) return InvalidContext;
    of->primary->fail(error, "asked for");
    return Success;
}

// Puts a library's work into a stream, where a graph may do it many times; `drop` gives its data back after the last.
API crescentEmulatorLaunch(Stream* stream, void (*function)(void*), void* data, void (*drop)(void*)) {
    std::shared_ptr<void> owned(data, drop);
    ENTER();
    Context* context = current();
    context->put(streamOf(stream), [=] {
        if (context->sticky == Success) function(owned.get());
    });
    return Success;
}
