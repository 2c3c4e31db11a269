// Modules, functions, launches, and how a program finds the entry points.
#include <dlfcn.h>

#include <algorithm>
#include <string>

#include "api.h"
#include "launch.h"

using namespace crescent;

API cuModuleLoadDataEx(Module** module, const void* image, unsigned, int*, void**) {
    ENTER();
    std::string why;
    Result result = Module::load(module, image, why);
    if (result != Success) fprintf(stderr, "emulated cuModuleLoadData: %s\n", why.c_str());
    else current()->device->counters.compiledModules++;
    return result;
}

API cuModuleLoadData(Module** module, const void* image) { return cuModuleLoadDataEx(module, image, 0, nullptr, nullptr); }
API cuModuleLoadFatBinary(Module** module, const void* image) { return cuModuleLoadData(module, image); }

API cuModuleUnload(Module* module) {
    trace(__func__);
    if (Context* context = current()) context->drain();
    delete module;
    return Success;
}

API cuModuleGetFunction(Function** function, Module* module, const char* name) {
    ENTER();
    return module->find(function, name);
}

API cuModuleGetGlobal_v2(Address* address, size_t* bytes, Module* module, const char* name) {
    ENTER();
    void* found = dlsym(module->object, name);
    if (!found) return NotFound;
    *address = reinterpret_cast<Address>(found);
    if (bytes) *bytes = 0;
    return Success;
}

API cuFuncGetAttribute(int* value, int attribute, Function* function) {
    switch (attribute) {
        case 0: *value = static_cast<int>(function->kernel->maxThreads); break;
        case 4: *value = 32; break;            // registers
        case 5: case 6: *value = 90; break;    // what it was compiled for
        default: *value = 0; break;
    }
    return Success;
}

API cuFuncSetAttribute(Function*, int attribute, int value) {
    if (attribute == 8 && (value < 0 || value > static_cast<int>(MostShared))) return InvalidValue;
    return check();
}

API cuFuncSetCacheConfig(Function*, int) { return check(); }
API cuFuncSetSharedMemConfig(Function*, int) { return check(); }

API cuFuncGetModule(Module** module, Function* function) {
    *module = function->module;
    return Success;
}

API cuFuncGetName(const char** name, Function* function) {
    *name = function->kernel->name;
    return Success;
}

API cuOccupancyMaxActiveBlocksPerMultiprocessor(int* blocks, Function*, int threads, size_t) {
    *blocks = threads > 0 ? 2048 / threads : 0;
    return Success;
}

API cuOccupancyMaxPotentialBlockSize(int* grid, int* block, Function* function, void*, size_t, int) {
    *block = static_cast<int>(function->kernel->maxThreads);
    *grid = 8;
    return Success;
}

API cuLaunchKernel(Function* function, unsigned gx, unsigned gy, unsigned gz, unsigned bx, unsigned by, unsigned bz, unsigned shared,
    Stream* stream, void** parameters, void** extra) {
    ENTER();
    if (!function || streamOf(stream)->context != current()) return InvalidHandle;
    if (extra) return NotSupported;
    if (!gx || !gy || !gz || !bx || !by || !bz || gx > 2147483647u || gy > 65535 || gz > 65535 || bx > 1024 || by > 1024 || bz > 64) return InvalidValue;
    unsigned long threads = static_cast<unsigned long>(bx) * by * bz;
    if (threads > MostThreads || shared > MostShared) return InvalidValue;
    if (threads > function->kernel->maxThreads) return LaunchOutOfResources;
    for (unsigned i = 0; i < function->kernel->parameterCount; i++)
        if (!parameters || !parameters[i]) return InvalidValue;
    auto launch = std::make_shared<Launch>();
    launch->function = function;
    launch->grid = {{gx, gy, gz}, {bx, by, bz}, shared};
    launch->copyParameters(parameters);
    Context* context = current();
    context->put(streamOf(stream), [launch, context] { launch->run(context); });
    return Success;
}

namespace {

// CUlaunchConfig.
struct LaunchConfig {
    unsigned gx, gy, gz, bx, by, bz, shared;
    Stream* stream;
    void* attributes;
    unsigned attributeCount;
};

}  // namespace

// Attributes let work begin earlier than it must; here it begins when it must.
API cuLaunchKernelEx(const LaunchConfig* config, Function* function, void** parameters, void** extra) {
    if (!config) return InvalidValue;
    return cuLaunchKernel(function, config->gx, config->gy, config->gz, config->bx, config->by, config->bz, config->shared, config->stream, parameters, extra);
}

API cuLaunchCooperativeKernel(Function*, unsigned, unsigned, unsigned, unsigned, unsigned, unsigned, unsigned, Stream*, void**) {
    return NotSupported;  // blocks run one after the other: none may wait for another
}

API cuGetProcAddress_v2(const char* name, void** address, int, unsigned long long, int* status) {
    Dl_info self;
    dladdr(reinterpret_cast<void*>(&cuGetProcAddress_v2), &self);
    void* library = dlopen(self.dli_fname, RTLD_NOW | RTLD_NOLOAD);
    *address = nullptr;
    for (const char* suffix : {"_v2", ""}) {
        if (!*address) *address = dlsym(library, (std::string(name) + suffix).c_str());
    }
    if (library) dlclose(library);
    if (status) *status = *address ? 0 : 1;
    return *address ? Success : NotFound;
}

API cuGetProcAddress(const char* name, void** address, int version, unsigned long long flags) {
    return cuGetProcAddress_v2(name, address, version, flags, nullptr);
}

API cuProfilerStart() { return Success; }
API cuProfilerStop() { return Success; }
