// Put before a kernel's source when it is compiled for the emulated driver: CUDA's words, as far as kernels use them, in the host's C++.
#pragma once
#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <utility>

#include "thread.h"

// Fibers change with their thread, and callee-saved registers with their fiber: reading it costs nothing.
#pragma GCC diagnostic ignored "-Wregister"
register crescent::Thread* crescent_thread asm("r15");

namespace crescent {
inline const Services* services = nullptr;
}
extern "C" __attribute__((visibility("default"))) void crescent_bind(const crescent::Services* services) { crescent::services = services; }
extern "C" __attribute__((visibility("default"))) void crescent_touch() {
    static thread_local volatile char any;
    any = 0;
}

#define __global__
#define __device__
#define __host__
#define __constant__ static
#define __shared__ static thread_local
#define __restrict__ __restrict
#define __forceinline__ inline __attribute__((always_inline))
#define __noinline__ __attribute__((noinline))
#define __launch_bounds__(...)
#define __grid_constant__
#define __align__(n) alignas(n)

#define threadIdx (crescent_thread->thread)
#define blockIdx (crescent_thread->block)
#define blockDim (crescent_thread->blockSize)
#define gridDim (crescent_thread->gridSize)
#define warpSize 32

#include "cuda_vectors.h"
#include "cuda_math.h"
#include "cuda_warp.h"
#include "cuda_atomics.h"
#include "cuda_prelude.h"

namespace crescent {

template <auto F>
struct Kernel;

template <class... A, void (*F)(A...)>
struct Kernel<F> {
    static constexpr unsigned Count = sizeof...(A);
    static constexpr uint32_t Sizes[sizeof...(A) + 1] = {sizeof(A)..., 0};

    template <size_t... I>
    static void call([[maybe_unused]] void** p, std::index_sequence<I...>) {
        F(*reinterpret_cast<std::remove_cv_t<A>*>(p[I])...);
    }

    // Not inlined: what is read of the register must be read after it is set.
    __attribute__((noinline)) static void run(Thread* thread, void** parameters) {
        Thread* outer = crescent_thread;
        crescent_thread = thread;
        call(parameters, std::index_sequence_for<A...>{});
        crescent_thread = outer;
    }
};

}  // namespace crescent

#define CRESCENT_KERNEL(name, threads)                                                                          \
    extern "C" __attribute__((visibility("default"))) const crescent::KernelEntry name##_entry = {              \
        #name, &crescent::Kernel<&name>::run, crescent::Kernel<&name>::Count, crescent::Kernel<&name>::Sizes, threads};
