// What the emulated machine is like: from the environment when the driver is first called, and by the functions of control.cpp afterwards.
#pragma once
#include <stddef.h>

#include <atomic>
#include <string>

namespace crescent {

struct Settings {
    int devices = 1;                          // CRESCENT_CUDA_EMULATOR_DEVICES: 0 to 16
    size_t memory = 256u << 20;               // CRESCENT_CUDA_EMULATOR_MEMORY_MB: bytes of each device
    std::atomic<bool> capturesCopies{true};   // between devices
    std::atomic<unsigned> order{0};           // CRESCENT_CUDA_EMULATOR_ORDER: 0 as numbered, 1 backwards, else a seed
    bool poison = true;                       // CRESCENT_CUDA_EMULATOR_POISON: fresh memory is 0xFF
    std::atomic<bool> peers{true};            // CRESCENT_CUDA_EMULATOR_PEERS: whether kernels may be let at other devices' memory
    bool trace = false;                       // CRESCENT_CUDA_EMULATOR_TRACE: calls and faults on stderr
    std::string fail;                         // CRESCENT_CUDA_EMULATOR_FAIL: device:error:launches
};

Settings& settings();

}  // namespace crescent
