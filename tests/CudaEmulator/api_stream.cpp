// Streams, events, capture and graphs.
#include <mutex>
#include <set>

#include "api.h"

using namespace crescent;

namespace {

// What a program holds of a capture that has ended.
struct Graph {
    std::shared_ptr<Capture> capture;
};

std::mutex eventMutex;
std::map<Event*, std::shared_ptr<Event>>& events() {
    static auto all = new std::map<Event*, std::shared_ptr<Event>>;
    return *all;
}

std::shared_ptr<Event> find(Event* event) {
    std::lock_guard<std::mutex> lock(eventMutex);
    auto found = events().find(event);
    return found == events().end() ? nullptr : found->second;
}

}  // namespace

API cuStreamCreateWithPriority(Stream** stream, unsigned flags, int) {
    ENTER();
    *stream = current()->add((flags & 1) == 0);
    return Success;
}

API cuStreamCreate(Stream** stream, unsigned flags) { return cuStreamCreateWithPriority(stream, flags, 0); }

API cuStreamDestroy_v2(Stream* stream) {
    trace(__func__);
    if (isDefault(stream)) return InvalidHandle;
    // A stream is gone with its context.
    Context* context = current();
    return context && context->remove(stream) ? Success : InvalidHandle;
}

API cuStreamSynchronize(Stream* stream) {
    ENTER();
    return current()->wait(streamOf(stream));
}

API cuStreamQuery(Stream* stream) {
    ENTER();
    if (streamOf(stream)->capture) return StreamCaptureUnsupported;
    return streamOf(stream)->empty() ? current()->sticky.load() : NotReady;
}

API cuStreamGetFlags(Stream* stream, unsigned* flags) {
    *flags = isDefault(stream) || stream->blocking ? 0 : 1;
    return Success;
}

API cuStreamGetPriority(Stream*, int* priority) {
    *priority = 0;
    return Success;
}

API cuLaunchHostFunc(Stream* stream, void (*function)(void*), void* data) {
    ENTER();
    Context* context = current();
    context->put(streamOf(stream), [=] {
        if (context->sticky == Success) function(data);
    });
    return Success;
}

API cuStreamAddCallback(Stream* stream, void (*function)(Stream*, Result, void*), void* data, unsigned) {
    ENTER();
    Context* context = current();
    context->put(streamOf(stream), [=] { function(stream, context->sticky, data); });
    return Success;
}

API cuEventCreate(Event** event, unsigned) {
    ENTER();
    auto made = std::make_shared<Event>();
    made->context = current();
    *event = made.get();
    std::lock_guard<std::mutex> lock(eventMutex);
    events()[*event] = made;
    return Success;
}

API cuEventDestroy_v2(Event* event) {
    trace(__func__);
    std::lock_guard<std::mutex> lock(eventMutex);
    return events().erase(event) ? Success : InvalidHandle;
}

API cuEventRecord(Event* event, Stream* stream) {
    ENTER();
    auto found = find(event);
    if (!found || found->context != current() || streamOf(stream)->context != current()) return InvalidHandle;
    if (stream = streamOf(stream); stream->capture) {
        found->captured = mark(*stream);
        return Success;
    }
    found->captured = nullptr;
    unsigned long record;
    {
        std::lock_guard<std::mutex> lock(found->mutex);
        record = ++found->recorded;
    }
    // Also after a failure: whoever waits is told by the context.
    current()->put(stream, [=] { found->finish(record); });
    return Success;
}

API cuEventRecordWithFlags(Event* event, Stream* stream, unsigned) { return cuEventRecord(event, stream); }

API cuEventQuery(Event* event) {
    ENTER();
    auto found = find(event);
    if (!found) return InvalidHandle;
    if (found->captured) return CapturedEvent;
    std::lock_guard<std::mutex> lock(found->mutex);
    return found->done == found->recorded ? Success : NotReady;
}

API cuEventSynchronize(Event* event) {
    ENTER();
    auto found = find(event);
    if (!found) return InvalidHandle;
    if (found->captured) return CapturedEvent;
    unsigned long record;
    {
        std::lock_guard<std::mutex> lock(found->mutex);
        record = found->recorded;
    }
    found->wait(record);
    return current()->sticky;
}

API cuEventElapsedTime(float* milliseconds, Event* from, Event* to) {
    ENTER();
    auto a = find(from), b = find(to);
    if (!a || !b) return InvalidHandle;
    std::scoped_lock lock(a->mutex, b->mutex);
    if (!a->done || !b->done) return InvalidHandle;
    *milliseconds = static_cast<float>(b->milliseconds - a->milliseconds);
    return a->done < a->recorded || b->done < b->recorded ? NotReady : Success;
}

API cuEventElapsedTime_v2(float* milliseconds, Event* from, Event* to) { return cuEventElapsedTime(milliseconds, from, to); }

// The event may be another device's.
API cuStreamWaitEvent(Stream* stream, Event* event, unsigned flags) {
    ENTER();
    auto found = find(event);
    if (!found || flags || streamOf(stream)->context != current()) return InvalidHandle;
    if (found->captured) return join(*streamOf(stream), *found->captured);
    unsigned long record;
    {
        std::lock_guard<std::mutex> lock(found->mutex);
        record = found->recorded;
    }
    // Nothing but work of the same capture comes before what is captured.
    if (record && streamOf(stream)->capture) return StreamCaptureIsolation;
    if (record) current()->put(streamOf(stream), [=] { found->wait(record); });
    return Success;
}

API cuStreamBeginCapture_v2(Stream* stream, int) {
    ENTER();
    if (isDefault(stream) || stream->capture) return StreamCaptureUnsupported;
    begin(*stream);
    return Success;
}

API cuStreamEndCapture(Stream* stream, Graph** graph) {
    ENTER();
    if (isDefault(stream) || !stream->capture) return StreamCaptureUnsupported;
    auto capture = stream->capture;
    Result result = end(*stream);
    *graph = result ? nullptr : new Graph{capture};
    return result;
}

API cuStreamIsCapturing(Stream* stream, int* capturing) {
    *capturing = !isDefault(stream) && stream->capture ? 1 : 0;
    return Success;
}

API cuGraphInstantiateWithFlags(Graph** executable, Graph* graph, unsigned long long) {
    ENTER();
    *executable = new Graph{graph->capture};
    graph->capture->prepare();
    return Success;
}

API cuGraphInstantiate_v2(Graph** executable, Graph* graph, void*, char*, size_t) { return cuGraphInstantiateWithFlags(executable, graph, 0); }

API cuGraphUpload(Graph*, Stream*) { return check(); }

API cuGraphLaunch(Graph* executable, Stream* stream) {
    ENTER();
    Context* context = current();
    context->device->counters.graphLaunches++;
    // All of it is put in before anything else is.
    context->put(streamOf(stream), [capture = executable->capture] { capture->run(); });
    return Success;
}

API cuGraphDestroy(Graph* graph) {
    delete graph;
    return Success;
}

API cuGraphExecDestroy(Graph* executable) {
    delete executable;
    return Success;
}
