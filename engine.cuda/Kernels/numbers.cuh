// Small arithmetic that several kernels share.
#pragma once
#include "prelude.cuh"

#define ALL_LANES 0xffffffffu

// Largest finite half.
#define HALF_MAX 65504.0f

DEVICE float clamp_half(float v) { return fminf(fmaxf(v, -HALF_MAX), HALF_MAX); }

DEVICE float brain_to_float(unsigned short b) { return __uint_as_float((unsigned)b << 16); }

DEVICE unsigned half_bits(const unsigned char* p) { return (unsigned)p[0] | ((unsigned)p[1] << 8); }

DEVICE float half_at(const unsigned char* p) { return half_to_float((unsigned short)half_bits(p)); }

DEVICE float silu(float v) { return v / (1.0f + expf(-v)); }

// What is between the matrices of a feed-forward part, as FeedForwardActivation numbers it.
#define ACTIVATION_SWIGLU 0
#define ACTIVATION_GEGLU 1
#define ACTIVATION_CLAMPED_SWIGLU 2

// g / 2 (1 + tanh(a)) is g / (1 + e^(-2 a)).
DEVICE float gated(int activation, float gate, float up)
{
    if (activation == ACTIVATION_GEGLU)
        return gate / (1.0f + expf(-1.5957691216f * (gate + 0.044715f * gate * gate * gate))) * up;
    if (activation == ACTIVATION_CLAMPED_SWIGLU)
    {
        gate = fminf(gate, 7.0f);
        return gate / (1.0f + expf(-1.702f * gate)) * (fminf(fmaxf(up, -7.0f), 7.0f) + 1.0f);
    }

    return silu(gate) * up;
}

DEVICE float warp_sum(float v)
{
    for (int offset = 16; offset > 0; offset >>= 1)
        v += __shfl_xor_sync(ALL_LANES, v, offset);
    return v;
}

// Sum over a block of whole warps; every thread gets it. Shared memory: 32 floats.
DEVICE float block_sum(float v, float* shared)
{
    int warp = threadIdx.x >> 5, lane = threadIdx.x & 31, warps = blockDim.x >> 5;
    v = warp_sum(v);
    __syncthreads();
    if (lane == 0)
        shared[warp] = v;
    __syncthreads();
    return warp_sum(lane < warps ? shared[lane] : 0.0f);
}

// Kernels are launched so that each may begin before the one ahead of it in the stream has ended. One lets the next begin as soon as all its own blocks have, and
// waits before it touches what another kernel writes or reads; only weights, which stay as they are, may be read earlier.
DEVICE void let_next_begin()
{
#if defined(__CUDA_ARCH__) && __CUDA_ARCH__ >= 900
    asm volatile("griddepcontrol.launch_dependents;");
#endif
}

DEVICE void wait_for_previous()
{
#if defined(__CUDA_ARCH__) && __CUDA_ARCH__ >= 900
    asm volatile("griddepcontrol.wait;" ::: "memory");
#endif
}

DEVICE void take_turn()
{
    let_next_begin();
    wait_for_previous();
}
