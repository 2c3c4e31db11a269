// Runs the threads of one block: in an order that can be chosen, each until it waits or ends.
#pragma once
#include <string>
#include <vector>

#include "fibers.h"
#include "results.h"
#include "thread.h"

namespace crescent {

struct Grid {
    Index3 blocks, threads;
    unsigned sharedBytes;
};

class BlockRunner {
public:
    BlockRunner();

    // For the launches that follow, until the next call.
    void prepare(const KernelEntry& kernel, void** parameters, const Grid& grid, unsigned order);

    // Runs a block to its end. `shared` is its dynamic shared memory.
    Result run(Index3 block, unsigned char* shared);

    // Why the last run failed.
    const std::string& why() const { return _why; }

    // After a fault: the threads that stood somewhere are given up.
    void abandon() { _fibers.reset(); }

    static const Services& services();
    static BlockRunner*& current();

private:
    static void fiberMain();
    static void syncBlock(Thread* thread, unsigned site);
    static void syncWarp(Thread* thread, unsigned mask, unsigned site);
    static void multiply(Thread* thread, MatrixPart* part, unsigned site);
    static void fail(Thread* thread, int error, const char* why);

    void runWarp(Warp& warp);
    Thread* next(Warp& warp);
    bool meet(Thread* thread, unsigned mask, unsigned site);
    void leave(Thread* thread);
    Result stop(const char* why, unsigned site);
    Result releaseBarrier();

    const KernelEntry* _kernel = nullptr;
    void** _parameters = nullptr;
    Grid _grid{};
    unsigned _count = 0;
    Fibers _fibers;
    std::vector<Thread> _threads;
    std::vector<Warp> _warps;
    std::vector<unsigned> _warpOrder;
    unsigned char _lanes[32];      // lane of a place in the order
    unsigned char _places[32];     // place in the order of a lane
    void* _scheduler = nullptr;    // where the scheduler stands while a thread runs
    Thread* _thread = nullptr;     // the one that runs
    Result _result = Success;
    std::string _why;
};

}  // namespace crescent
