#include "stream.h"

#include <time.h>

namespace crescent {

Stream::Stream(Context* owner, bool waits) : context(owner), blocking(waits), _thread([this] { run(); }) {}

Stream::~Stream() {
    drain();
    {
        std::lock_guard<std::mutex> lock(_mutex);
        _stopping = true;
    }
    _wake.notify_one();
    _thread.join();
}

void Stream::put(Work work) {
    if (capture) {
        lane->work.push_back(std::move(work));
        return;
    }
    {
        std::lock_guard<std::mutex> lock(_mutex);
        _work.push_back(std::move(work));
    }
    _wake.notify_one();
}

void Stream::drain() {
    std::unique_lock<std::mutex> lock(_mutex);
    _idle.wait(lock, [this] { return _work.empty() && !_busy; });
}

bool Stream::empty() {
    std::lock_guard<std::mutex> lock(_mutex);
    return _work.empty() && !_busy;
}

void Stream::run() {
    std::unique_lock<std::mutex> lock(_mutex);
    for (;;) {
        _wake.wait(lock, [this] { return _stopping || !_work.empty(); });
        if (_work.empty()) return;
        Work work = std::move(_work.front());
        _work.pop_front();
        _busy = true;
        lock.unlock();
        work();
        work = nullptr;
        lock.lock();
        _busy = false;
        if (_work.empty()) _idle.notify_all();
    }
}

void Event::finish(unsigned long record) {
    timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    std::lock_guard<std::mutex> lock(mutex);
    done = record;
    milliseconds = static_cast<double>(now.tv_sec) * 1e3 + static_cast<double>(now.tv_nsec) * 1e-6;
    changed.notify_all();
}

void Event::wait(unsigned long record) {
    std::unique_lock<std::mutex> lock(mutex);
    changed.wait(lock, [&] { return done >= record; });
}

}  // namespace crescent
