// What the exported functions begin with.
#pragma once
#include <stdio.h>

#include "device.h"
#include "settings.h"

#define API extern "C" __attribute__((visibility("default"))) crescent::Result

namespace crescent {

extern bool initialized;

inline void trace(const char* name) {
    if (settings().trace) fprintf(stderr, "emulated %s\n", name);
}

// The current context's error, or why there is none.
inline Result check() {
    if (!initialized) return NotInitialized;
    Context* context = current();
    return context ? context->sticky.load() : InvalidContext;
}

inline bool isDefault(Stream* stream) { return stream == nullptr || stream == reinterpret_cast<Stream*>(1) || stream == reinterpret_cast<Stream*>(2); }
inline Stream* streamOf(Stream* stream) { return isDefault(stream) ? current()->defaultStream() : stream; }

}  // namespace crescent

#define ENTER()                                              \
    do {                                                     \
        crescent::trace(__func__);                           \
        if (crescent::Result r_ = crescent::check()) return r_; \
    } while (0)
