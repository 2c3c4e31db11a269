#include "block.h"

#include <algorithm>
#include <numeric>
#include <random>

#include "matrix.h"

namespace crescent {

namespace {
enum State : unsigned { Fresh, Ready, InWarp, AtBarrier, Ended };
}

BlockRunner::BlockRunner() : _fibers(fiberMain) {}

BlockRunner*& BlockRunner::current() {
    static thread_local BlockRunner* runner = nullptr;
    return runner;
}

const Services& BlockRunner::services() {
    static const Services all = {syncBlock, syncWarp, multiply, fail};
    return all;
}

void BlockRunner::prepare(const KernelEntry& kernel, void** parameters, const Grid& grid, unsigned order) {
    current() = this;
    _kernel = &kernel;
    _parameters = parameters;
    _grid = grid;
    _count = grid.threads.x * grid.threads.y * grid.threads.z;
    _threads.resize(_count);
    _warps.resize((_count + 31) / 32);
    _warpOrder.resize(_warps.size());
    std::iota(_warpOrder.begin(), _warpOrder.end(), 0u);
    std::iota(_lanes, _lanes + 32, static_cast<unsigned char>(0));
    if (order == 1) {
        std::reverse(_warpOrder.begin(), _warpOrder.end());
        std::reverse(_lanes, _lanes + 32);
    } else if (order > 1) {
        std::mt19937 random(order);
        std::shuffle(_warpOrder.begin(), _warpOrder.end(), random);
        std::shuffle(_lanes, _lanes + 32, random);
    }
    for (int place = 0; place < 32; place++) _places[_lanes[place]] = static_cast<unsigned char>(place);
}

Result BlockRunner::run(Index3 block, unsigned char* shared) {
    const Index3 size = _grid.threads;
    _result = Success;
    for (unsigned i = 0; i < _count; i++) {
        Thread& thread = _threads[i];
        thread = {{i % size.x, i / size.x % size.y, i / (size.x * size.y)}, block, size, _grid.blocks, shared, &_warps[i / 32], i % 32, Fresh, 0, 0, -1};
    }
    for (unsigned w = 0; w < _warps.size(); w++) {
        Warp& warp = _warps[w];
        unsigned lanes = std::min(32u, _count - w * 32);
        warp.fullOperations = warp.arrived = warp.done = 0;
        warp.lanes = lanes == 32 ? 0xffffffffu : (1u << lanes) - 1;
        warp.ready = warp.lanes;
        warp.first = w * 32;
    }
    for (;;) {
        for (unsigned w : _warpOrder) {
            runWarp(_warps[w]);
            if (_result != Success) return _result;
        }
        bool all = true;
        for (const Warp& warp : _warps) {
            if (warp.arrived & ~warp.done) {
                // Lanes wait for others that wait at the block's barrier or have ended meanwhile.
                for (unsigned l = 0; l < 32; l++)
                    if (_threads[warp.first + l].state == InWarp) return stop("lanes of a warp wait for others that never come", _threads[warp.first + l].site);
            }
            all &= warp.done == warp.lanes;
        }
        if (all) return Success;
        if (Result result = releaseBarrier()) return result;
    }
}

Result BlockRunner::releaseBarrier() {
    unsigned site = 0;
    bool seen = false;
    for (Thread& thread : _threads) {
        if (thread.state != AtBarrier) continue;
        if (seen && thread.site != site) return stop("threads of a block wait at different barriers", thread.site);
        seen = true;
        site = thread.site;
    }
    if (!seen) return stop("no thread can go on", 0);
    for (Thread& thread : _threads) {
        if (thread.state != AtBarrier) continue;
        thread.state = Ready;
        thread.warp->ready |= 1u << thread.lane;
    }
    return Success;
}

void BlockRunner::runWarp(Warp& warp) {
    while (_result == Success && warp.ready) {
        Thread* thread = next(warp);
        _thread = thread;
        if (thread->state == Fresh) thread->fiber = _fibers.take();
        crescent_switch(&_scheduler, _fibers.top(thread->fiber));
    }
}

// The ready lane that is first in the order; no longer ready.
Thread* BlockRunner::next(Warp& warp) {
    unsigned lane;
    if (_lanes[0] == 0 && _lanes[31] == 31) {
        lane = static_cast<unsigned>(__builtin_ctz(warp.ready));
    } else {
        unsigned place = 0;
        while (!(warp.ready >> _lanes[place] & 1)) place++;
        lane = _lanes[place];
    }
    warp.ready &= ~(1u << lane);
    return &_threads[warp.first + lane];
}

void BlockRunner::fiberMain() {
    for (;;) {
        BlockRunner* runner = current();
        Thread* thread = runner->_thread;
        thread->state = Ready;
        runner->_kernel->run(thread, runner->_parameters);
        runner = current();
        Warp& warp = *thread->warp;
        thread->state = Ended;
        warp.done |= 1u << thread->lane;
        // Lanes that wait may have waited for this one only: it is not asked any more.
        unsigned waiting = warp.arrived & ~warp.done;
        if (waiting) {
            Thread& other = runner->_threads[warp.first + static_cast<unsigned>(__builtin_ctz(waiting))];
            unsigned needed = other.mask & warp.lanes & ~warp.done;
            if ((warp.arrived & needed) == needed) {
                if (other.mask == 0xffffffffu) warp.fullOperations++;
                warp.arrived &= ~needed;
                warp.ready |= needed;
                for (unsigned l = 0; l < 32; l++)
                    if (needed >> l & 1) runner->_threads[warp.first + l].state = Ready;
            }
        }
        // The next that has not begun takes this stack: a kernel without barriers needs one only.
        int fiber = thread->fiber;
        if (warp.ready && runner->_result == Success) {
            Thread* following = runner->next(warp);
            if (following->state == Fresh) {
                following->fiber = fiber;
                runner->_thread = following;
                continue;
            }
            warp.ready |= 1u << following->lane;
        }
        runner->_fibers.release(fiber);
        void*& top = runner->_fibers.top(fiber);
        crescent_switch(&top, runner->_scheduler);
    }
}

// To the next lane that is ready, or to the scheduler.
void BlockRunner::leave(Thread* thread) {
    Warp& warp = *thread->warp;
    void*& top = _fibers.top(thread->fiber);
    if (_result == Success && warp.ready) {
        Thread* following = next(warp);
        _thread = following;
        if (following->state == Fresh) {
            // Taking a stack may move the list of them.
            following->fiber = _fibers.take();
        }
        crescent_switch(&_fibers.top(thread->fiber), _fibers.top(following->fiber));
    } else {
        crescent_switch(&top, _scheduler);
    }
}

void BlockRunner::syncBlock(Thread* thread, unsigned site) {
    thread->state = AtBarrier;
    thread->site = site;
    current()->leave(thread);
}

void BlockRunner::syncWarp(Thread* thread, unsigned mask, unsigned site) { current()->meet(thread, mask, site); }

void BlockRunner::multiply(Thread* thread, MatrixPart* part, unsigned site) {
    BlockRunner* runner = current();
    Warp& warp = *thread->warp;
    warp.parts[thread->lane] = part;
    // The last one does it for all, before the others go on.
    if (!runner->meet(thread, 0xffffffffu, site)) return;
    if (warp.lanes != 0xffffffffu || warp.done) {
        runner->stop("a tensor-core product without all 32 lanes", site);
        runner->leave(thread);
    }
    multiplyTiles(warp.parts);
}

// Whether the thread was the last to come. It goes on at once; the others follow when it waits or ends.
bool BlockRunner::meet(Thread* thread, unsigned mask, unsigned site) {
    Warp& warp = *thread->warp;
    thread->site = site;
    thread->mask = mask;
    warp.arrived |= 1u << thread->lane;
    unsigned needed = mask & warp.lanes & ~warp.done;
    if ((warp.arrived & needed) != needed) {
        thread->state = InWarp;
        leave(thread);
        return false;
    }
    for (unsigned left = needed; left; left &= left - 1) {
        Thread& other = _threads[warp.first + static_cast<unsigned>(__builtin_ctz(left))];
        if (other.site != site || other.mask != mask) {
            stop("lanes of a warp are at different warp operations", site);
            leave(thread);
        }
        other.state = Ready;
    }
    if (mask == 0xffffffffu) warp.fullOperations++;
    warp.arrived &= ~needed;
    warp.ready |= needed & ~(1u << thread->lane);
    return true;
}

void BlockRunner::fail(Thread* thread, int error, const char* why) {
    BlockRunner* runner = current();
    runner->stop(why, 0);
    runner->_result = error;
    runner->leave(thread);
}

Result BlockRunner::stop(const char* why, unsigned site) {
    _why = why;
    if (site) _why += " (line " + std::to_string(site / 64) + ")";
    return _result = LaunchFailed;
}

}  // namespace crescent
