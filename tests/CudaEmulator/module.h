// A module: a shared object of the host, made by the emulated NVRTC of a kernel's source.
#pragma once
#include <stddef.h>

#include <map>
#include <memory>
#include <string>

#include "results.h"
#include "thread.h"

namespace crescent {

struct Module;

struct Function {
    Module* module;
    const KernelEntry* kernel;
};

struct StaticShared {
    void* start;
    size_t bytes;
};

struct Module {
    ~Module();

    void* object = nullptr;
    const void* base = nullptr;
    void (*touch)() = nullptr;
    std::map<std::string, std::unique_ptr<Function>> functions;

    static Result load(Module** module, const void* image, std::string& why);
    Result find(Function** function, const char* name);
    // Static shared memory, as this thread has it.
    StaticShared shared() const;
};

}  // namespace crescent
