#include "device.h"

#include <stdio.h>

#include "settings.h"

namespace crescent {

namespace {

std::mutex contextMutex;
std::set<Context*>& living() {
    static auto all = new std::set<Context*>;
    return *all;
}

}  // namespace

Context::Context(Device* owner) : device(owner), _default(std::make_unique<Stream>(this, true)) {
    static std::atomic<unsigned> serials{0};
    serial = ++serials;
    std::lock_guard<std::mutex> lock(contextMutex);
    living().insert(this);
}

Context::~Context() {
    forget(this);
    drain();
    unregisterAll(this);
}

void Context::fail(Result result, const std::string& reason) {
    Result none = Success;
    if (!sticky.compare_exchange_strong(none, result)) return;
    why = reason;
    fprintf(stderr, "emulated cuda:%d: error %d: %s\n", device->ordinal, result, reason.c_str());
}

Stream* Context::add(bool blocking) {
    std::lock_guard<std::mutex> lock(_mutex);
    _streams.push_back(std::make_unique<Stream>(this, blocking));
    return _streams.back().get();
}

bool Context::remove(Stream* stream) {
    std::unique_ptr<Stream> owned;
    std::lock_guard<std::mutex> lock(_mutex);
    for (auto& each : _streams) {
        if (each.get() != stream) continue;
        owned = std::move(each);
        std::swap(each, _streams.back());
        _streams.pop_back();
        return true;
    }
    return false;
}

void Context::drain() {
    std::lock_guard<std::mutex> lock(_mutex);
    for (auto& stream : _streams) stream->drain();
    _default->drain();
}

void Context::put(Stream* stream, Work work) {
    if (stream == defaultStream()) {
        std::lock_guard<std::mutex> lock(_mutex);
        for (auto& each : _streams)
            if (each->blocking) each->drain();
    } else if (stream->blocking) {
        _default->drain();
    }
    stream->put(std::move(work));
}

Result Context::wait(Stream* stream) {
    if (stream->capture) return StreamCaptureUnsupported;
    stream->drain();
    return sticky;
}

bool Context::reaches(const Context* other) {
    if (other == this) return true;
    std::lock_guard<std::mutex> lock(_peerMutex);
    return other && _peers.count(other->serial) != 0;
}

bool Context::change(const Context* other, bool reached) {
    std::lock_guard<std::mutex> lock(_peerMutex);
    return reached ? _peers.insert(other->serial).second : _peers.erase(other->serial) != 0;
}

std::vector<std::unique_ptr<Device>>& devices() {
    static auto all = [] {
        auto made = new std::vector<std::unique_ptr<Device>>;
        for (int i = 0; i < settings().devices; i++) made->push_back(std::make_unique<Device>(i, settings().memory));
        int ordinal, error;
        long launches;
        if (sscanf(settings().fail.c_str(), "%d:%d:%ld", &ordinal, &error, &launches) == 3 && ordinal >= 0 && ordinal < settings().devices) {
            (*made)[static_cast<size_t>(ordinal)]->failure = error;
            (*made)[static_cast<size_t>(ordinal)]->launchesToFailure = launches;
        }
        return made;
    }();
    return *all;
}

Device* deviceOf(int ordinal) {
    return ordinal >= 0 && static_cast<size_t>(ordinal) < devices().size() ? devices()[static_cast<size_t>(ordinal)].get() : nullptr;
}

std::vector<Context*>& contexts() {
    static thread_local std::vector<Context*> stack;
    return stack;
}

Context* current() {
    auto& stack = contexts();
    return !stack.empty() && stack.back() && alive(stack.back()) ? stack.back() : nullptr;
}

void forget(Context* context) {
    std::lock_guard<std::mutex> lock(contextMutex);
    living().erase(context);
}

bool alive(Context* context) {
    std::lock_guard<std::mutex> lock(contextMutex);
    return living().count(context) != 0;
}

}  // namespace crescent
