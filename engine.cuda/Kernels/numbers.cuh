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
