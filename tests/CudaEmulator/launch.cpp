#include "launch.h"

#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <ucontext.h>
#include <unistd.h>

#include "settings.h"

namespace crescent {

namespace {

constexpr size_t SharedBytes = (MostShared + 8191) & ~4095u;

// What a stream's thread needs to run kernels.
struct Worker {
    BlockRunner runner;
    unsigned char* sharedEnd;
    sigjmp_buf back;
    volatile bool inKernel = false;
    volatile int signal = 0;
    void* volatile address = nullptr;
    void* volatile instruction = nullptr;

    stack_t stack{};

    Worker() {
        auto memory = static_cast<unsigned char*>(mmap(nullptr, SharedBytes + 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
        mprotect(memory + SharedBytes, 4096, PROT_NONE);
        sharedEnd = memory + SharedBytes;
        // A stack that has overflowed cannot take the signal.
        stack.ss_size = 64 * 1024;
        stack.ss_sp = malloc(stack.ss_size);
        sigaltstack(&stack, nullptr);
    }

    ~Worker() {
        stack.ss_flags = SS_DISABLE;
        sigaltstack(&stack, nullptr);
        free(stack.ss_sp);
        munmap(sharedEnd - SharedBytes, SharedBytes + 4096);
    }
};

thread_local std::unique_ptr<Worker> worker;

constexpr int Signals[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL};
struct sigaction before[65];

void onFault(int signal, siginfo_t* info, void* context) {
    if (worker && worker->inKernel) {
        worker->signal = signal;
        worker->address = info->si_addr;
        worker->instruction = reinterpret_cast<void*>(static_cast<ucontext_t*>(context)->uc_mcontext.gregs[REG_RIP]);
        siglongjmp(worker->back, 1);
    }
    struct sigaction& old = before[signal];
    if (old.sa_flags & SA_SIGINFO) {
        old.sa_sigaction(signal, info, context);
    } else if (old.sa_handler == SIG_DFL) {
        ::signal(signal, SIG_DFL);
        raise(signal);
    } else if (old.sa_handler != SIG_IGN) {
        old.sa_handler(signal);
    }
}

// Whether this launch is the one that was to fail.
bool failsNow(Device& device) {
    long left = device.launchesToFailure;
    while (left >= 0 && !device.launchesToFailure.compare_exchange_weak(left, left - 1)) {
    }
    return left == 0;
}

// The device whose memory an argument points into, where the context may not touch it; null for none. What a kernel finds in memory is not looked at.
Device* forbidden(const Launch& launch, Context* context) {
    for (const auto& value : launch.values) {
        if (value.size() != sizeof(Address)) continue;
        Address address;
        memcpy(&address, value.data(), sizeof address);
        if (!address) continue;
        for (auto& other : devices())
            if (other.get() != context->device && other->memory.holds(address, 1) && !context->reaches(other->primary.get())) return other.get();
    }
    return nullptr;
}

}  // namespace

void catchFaults() {
    static bool once = [] {
        struct sigaction action{};
        action.sa_sigaction = onFault;
        action.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER;
        for (int signal : Signals) sigaction(signal, &action, &before[signal]);
        return true;
    }();
    (void)once;
}

void Launch::copyParameters(void** from) {
    const KernelEntry& kernel = *function->kernel;
    values.resize(kernel.parameterCount);
    parameters.resize(kernel.parameterCount);
    for (unsigned i = 0; i < kernel.parameterCount; i++) {
        auto bytes = static_cast<unsigned char*>(from[i]);
        values[i].assign(bytes, bytes + kernel.parameterSizes[i]);
        parameters[i] = values[i].data();
    }
}

void Launch::run(Context* context) {
    if (context->sticky != Success) return;
    Device& device = *context->device;
    const std::string name = function->kernel->name;
    while (device.held) usleep(1000);
    if (failsNow(device)) {
        context->fail(device.failure, "asked for, in " + name);
        return;
    }
    if (Device* other = forbidden(*this, context)) {
        context->fail(IllegalAddress, "memory of cuda:" + std::to_string(other->ordinal) + ", which this device has no access to, in " + name);
        return;
    }
    if (!worker) worker = std::make_unique<Worker>();
    device.counters.launches++;
    worker->runner.prepare(*function->kernel, parameters.data(), grid, settings().order);
    // Its end is at the end of what may be touched.
    unsigned char* shared = worker->sharedEnd - ((grid.sharedBytes + 15u) & ~15u);
    if (sigsetjmp(worker->back, 1)) {
        worker->inKernel = false;
        worker->runner.abandon();
        bool address = worker->signal == SIGSEGV || worker->signal == SIGBUS;
        char where[64];
        snprintf(where, sizeof where, " (%p, code at +%#lx)", worker->address, static_cast<unsigned long>(static_cast<const char*>(worker->instruction) - static_cast<const char*>(function->module->base)));
        context->fail(address ? IllegalAddress : LaunchFailed, (address ? "an illegal address in " : "an illegal instruction in ") + name + where);
        return;
    }
    const StaticShared statics = function->module->shared();
    worker->inKernel = true;
    const unsigned long blocks = static_cast<unsigned long>(grid.blocks.x) * grid.blocks.y * grid.blocks.z;
    for (unsigned long i = 0; i < blocks; i++) {
        // Some blocks backwards, too: their order is nobody's promise.
        unsigned long b = settings().order ? blocks - 1 - i : i;
        if (settings().poison) {
            memset(shared, 0xff, static_cast<size_t>(worker->sharedEnd - shared));
            memset(statics.start, 0xff, statics.bytes);
        }
        Index3 block = {static_cast<unsigned>(b % grid.blocks.x), static_cast<unsigned>(b / grid.blocks.x % grid.blocks.y),
            static_cast<unsigned>(b / (static_cast<unsigned long>(grid.blocks.x) * grid.blocks.y))};
        if (Result result = worker->runner.run(block, shared)) {
            worker->inKernel = false;
            worker->runner.abandon();
            context->fail(result, worker->runner.why() + " in " + name);
            return;
        }
    }
    worker->inKernel = false;
    device.counters.blocks += blocks;
}

}  // namespace crescent
