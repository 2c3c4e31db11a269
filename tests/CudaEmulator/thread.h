// What the emulated driver and the kernels that it runs share: a kernel is host code, and each of its threads has one of these.
#pragma once
#include <stdint.h>

namespace crescent {

struct Index3 {
    unsigned x, y, z;
};

struct Warp;
struct MatrixPart;

// One CUDA thread. Kernels find theirs in a register that is theirs alone.
struct Thread {
    Index3 thread, block, blockSize, gridSize;
    unsigned char* shared;  // dynamic shared memory of the block
    Warp* warp;
    unsigned lane;
    unsigned state, site, mask;  // the driver's: what it waits for, where in the source, with which lanes
    int fiber;                   // the driver's: the stack it stands on, -1 before it has begun
};

// 32 threads that exchange values. Bit l of a mask is lane l.
struct Warp {
    // Values in flight: full-mask operations alternate between the first two, so that none overwrites what a lane has still to read.
    uint64_t slots[3][32];
    MatrixPart* parts[32];
    unsigned fullOperations;
    unsigned lanes, ready, arrived, done;
    unsigned first;  // index of lane 0 in the block
};

// What a lane brings to a tensor-core product.
struct MatrixPart {
    float* c;
    unsigned a[4], b[2];
};

// What a kernel asks of the driver.
struct Services {
    // Waits until all threads of the block that have not ended are at the same place.
    void (*syncBlock)(Thread*, unsigned site);
    // Waits until the lanes of the mask are at the same place.
    void (*syncWarp)(Thread*, unsigned mask, unsigned site);
    // Waits until all lanes of the warp are at the same place, and multiplies what they bring.
    void (*multiply)(Thread*, MatrixPart* part, unsigned site);
    // Ends the launch with a sticky error.
    void (*fail)(Thread*, int error, const char* why);
};

// How the driver starts a kernel.
struct KernelEntry {
    const char* name;
    void (*run)(Thread*, void** parameters);
    unsigned parameterCount;
    const uint32_t* parameterSizes;
    unsigned maxThreads;
};

}  // namespace crescent
