// One launch of a kernel: its parameters as they were when it was put into the stream.
#pragma once
#include <memory>
#include <vector>

#include "block.h"
#include "device.h"
#include "module.h"

namespace crescent {

struct Launch {
    Function* function;
    Grid grid;
    std::vector<std::vector<unsigned char>> values;
    std::vector<void*> parameters;

    void copyParameters(void** from);
    // Runs every block; a fault becomes the context's sticky error.
    void run(Context* context);
};

// Once for the process: what faults within a kernel is the kernel's error.
void catchFaults();

}  // namespace crescent
