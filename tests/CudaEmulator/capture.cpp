#include "capture.h"

#include <algorithm>

#include "stream.h"

namespace crescent {

namespace {

void add(Stream& stream, const std::shared_ptr<Capture>& capture) {
    stream.capture = capture;
    stream.lane = std::make_shared<Lane>();
    stream.lane->context = stream.context;
    capture->lanes.push_back(stream.lane);
    capture->streams.push_back(&stream);
}

}  // namespace

void Edge::clear() {
    std::lock_guard<std::mutex> lock(_mutex);
    _passed = false;
}

void Edge::pass() {
    std::lock_guard<std::mutex> lock(_mutex);
    _passed = true;
    _changed.notify_all();
}

void Edge::wait() {
    std::unique_lock<std::mutex> lock(_mutex);
    _changed.wait(lock, [this] { return _passed; });
}

Capture::~Capture() = default;

void Capture::prepare() {
    for (size_t i = 1 + _threads.size(); i < lanes.size(); i++) _threads.push_back(std::make_unique<Stream>(lanes[i]->context, false));
}

void Capture::run() {
    for (auto& edge : edges) edge->clear();
    auto all = [](const Lane& lane) {
        for (const Work& each : lane.work) each();
    };
    for (size_t i = 1; i < lanes.size(); i++) _threads[i - 1]->put([=, lane = lanes[i]] { all(*lane); });
    all(*lanes[0]);
    for (auto& thread : _threads) thread->drain();
}

void begin(Stream& stream) { add(stream, std::make_shared<Capture>()); }

std::shared_ptr<CapturedMark> mark(Stream& stream) {
    auto edge = std::make_shared<Edge>();
    stream.capture->edges.push_back(edge);
    stream.lane->work.push_back([edge] { edge->pass(); });
    auto made = std::make_shared<CapturedMark>(CapturedMark{stream.capture, edge, stream.lane->after});
    made->after[stream.lane.get()] = stream.lane->work.size();
    return made;
}

Result join(Stream& stream, const CapturedMark& mark) {
    auto capture = mark.capture.lock();
    if (!capture || capture->streams.empty()) return CapturedEvent;
    if (!stream.capture) add(stream, capture);
    if (stream.capture != capture) return StreamCaptureMerge;
    stream.lane->work.push_back([edge = mark.edge] { edge->wait(); });
    for (auto [lane, count] : mark.after) stream.lane->after[lane] = std::max(stream.lane->after[lane], count);
    return Success;
}

Result end(Stream& stream) {
    auto capture = stream.capture;
    if (capture->streams[0] != &stream) return StreamCaptureUnmatched;
    Result result = Success;
    for (auto& lane : capture->lanes)
        if (lane != stream.lane && stream.lane->after[lane.get()] < lane->work.size()) result = StreamCaptureUnjoined;
    auto streams = std::move(capture->streams);
    capture->streams.clear();
    for (Stream* each : streams) {
        each->capture = nullptr;
        each->lane = nullptr;
    }
    return result;
}

}  // namespace crescent
