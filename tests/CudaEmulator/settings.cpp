#include "settings.h"

#include <stdlib.h>

namespace crescent {

namespace {

long number(const char* name, long otherwise) {
    const char* text = getenv(name);
    return text && *text ? strtol(text, nullptr, 10) : otherwise;
}

struct FromEnvironment : Settings {
    FromEnvironment() {
        devices = static_cast<int>(number("CRESCENT_CUDA_EMULATOR_DEVICES", 1));
        memory = static_cast<size_t>(number("CRESCENT_CUDA_EMULATOR_MEMORY_MB", 256)) << 20;
        order = static_cast<unsigned>(number("CRESCENT_CUDA_EMULATOR_ORDER", 0));
        poison = number("CRESCENT_CUDA_EMULATOR_POISON", 1) != 0;
        peers = number("CRESCENT_CUDA_EMULATOR_PEERS", 1) != 0;
        trace = number("CRESCENT_CUDA_EMULATOR_TRACE", 0) != 0;
        const char* text = getenv("CRESCENT_CUDA_EMULATOR_FAIL");
        fail = text ? text : "";
    }
};

}  // namespace

Settings& settings() {
    static auto all = new FromEnvironment;
    return *all;
}

}  // namespace crescent
