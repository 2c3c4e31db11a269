// Streams and events: a thread for each stream does what was put into it, in order.
#pragma once
#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "capture.h"

namespace crescent {

class Stream {
public:
    Stream(Context* context, bool blocking);
    ~Stream();

    Context* const context;
    const bool blocking;  // waits for the default stream, and it for this one

    void put(Work work);
    void drain();
    bool empty();

    // While set, work is put there and not done.
    std::shared_ptr<Capture> capture;
    std::shared_ptr<Lane> lane;

private:
    void run();

    std::mutex _mutex;
    std::condition_variable _wake, _idle;
    std::deque<Work> _work;
    bool _busy = false, _stopping = false;
    std::thread _thread;
};

struct Event {
    Context* context = nullptr;
    std::shared_ptr<CapturedMark> captured;  // where it was recorded last in a stream that is captured
    std::mutex mutex;
    std::condition_variable changed;
    unsigned long recorded = 0, done = 0;
    double milliseconds = 0;

    void finish(unsigned long record);
    void wait(unsigned long record);
};

}  // namespace crescent
