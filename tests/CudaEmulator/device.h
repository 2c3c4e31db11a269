// The emulated GPUs and their contexts.
#pragma once
#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "memory.h"
#include "stream.h"

namespace crescent {

constexpr unsigned MostShared = 227 * 1024, MostThreads = 1024;

// What the device has done, for a test to read.
struct Counters {
    std::atomic<uint64_t> launches{0}, blocks{0}, bytesToDevice{0}, bytesToHost{0}, bytesWithin{0}, graphLaunches{0}, compiledModules{0};
};

struct Device;

// A context's streams, and the error that it cannot be used after.
struct Context {
    explicit Context(Device* owner);
    ~Context();

    Device* const device;
    std::atomic<Result> sticky{Success};
    std::string why;
    unsigned serial;

    void fail(Result result, const std::string& reason);
    Stream* defaultStream() { return _default.get(); }
    Stream* add(bool blocking);
    bool remove(Stream* stream);
    // Waits for everything.
    void drain();
    // What is put into the default stream comes after what is in the blocking ones, and the other way round.
    void put(Stream* stream, Work work);
    Result wait(Stream* stream);
    // Whether kernels of this context may touch the memory of another, and what lets them and no longer does.
    bool reaches(const Context* other);
    bool reach(const Context* other) { return change(other, true); }
    bool leave(const Context* other) { return change(other, false); }

private:
    bool change(const Context* other, bool reached);

    std::mutex _mutex;
    std::unique_ptr<Stream> _default;
    std::vector<std::unique_ptr<Stream>> _streams;
    std::mutex _peerMutex;      // kernels ask while streams are drained
    std::set<unsigned> _peers;  // by serial: one that has ended is reached no more
};

struct Device {
    Device(int number, size_t total) : ordinal(number), memory(total) {}

    const int ordinal;
    Memory memory;
    Counters counters;
    std::unique_ptr<Context> primary;
    int retained = 0;
    unsigned primaryFlags = 0;
    // The launch after so many more fails with `failure`; below 0 for none.
    std::atomic<long> launchesToFailure{-1};
    std::atomic<Result> failure{Success};
    // The launch after so many more waits until it is set free; below 0 for none.
    std::atomic<bool> held{false};
};

std::vector<std::unique_ptr<Device>>& devices();
// Null when there is none of that number.
Device* deviceOf(int ordinal);
// The stack of contexts of this thread; its last is current.
std::vector<Context*>& contexts();
Context* current();
// The context is no more: no thread may find it current. Kept until the process ends, so that a handle to it is refused.
void forget(Context* context);
bool alive(Context* context);
// What the context has pinned of the program's memory is not any more.
void unregisterAll(Context* context);

}  // namespace crescent
