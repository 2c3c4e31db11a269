// Streams that are captured, and the graphs that come of it.
#pragma once
#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <vector>

#include "results.h"

namespace crescent {

struct Context;
class Stream;
using Work = std::function<void()>;

// An event within a graph: what waits for it comes after what is before it.
class Edge {
public:
    void clear();
    void pass();
    void wait();

private:
    std::mutex _mutex;
    std::condition_variable _changed;
    bool _passed = false;
};

// What was captured of one stream, in order.
struct Lane {
    Context* context;
    std::vector<Work> work;
    std::map<const Lane*, size_t> after;  // how much of each other lane comes before what is put next
};

// What was captured of all streams that an event has joined. Each has a thread of its own when it is done again, and nothing but its events keeps one behind another:
// the streams' own order is not the graph's.
struct Capture {
    ~Capture();

    std::vector<std::shared_ptr<Lane>> lanes;  // the first is that of the stream whose capture was begun
    std::vector<Stream*> streams;              // as the lanes; empty once it has ended
    std::vector<std::shared_ptr<Edge>> edges;

    void prepare();
    void run();

private:
    std::vector<std::unique_ptr<Stream>> _threads;  // of all lanes but the first
};

// Where an event was recorded.
struct CapturedMark {
    std::weak_ptr<Capture> capture;
    std::shared_ptr<Edge> edge;
    std::map<const Lane*, size_t> after;
};

void begin(Stream& stream);
std::shared_ptr<CapturedMark> mark(Stream& stream);
// The stream waits for the mark, and is captured from now on if it was not.
Result join(Stream& stream, const CapturedMark& mark);
// Ends the capture of all its streams, of which the given one must be the first and come after all others.
Result end(Stream& stream);

}  // namespace crescent
