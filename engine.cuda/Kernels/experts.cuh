// Products of the experts of a mixture: the kernels of matmul.cuh, a block of which takes the rows of one work of sort_pairs (mixture.cu) and one expert's matrix.
#pragma once
#include "matmul.cuh"

#define MULTIPLY_EXPERTS(name, FORMAT, NT, AHEAD, BLOCKS)                                                                                           \
    extern "C" __global__ void __launch_bounds__(256, BLOCKS) name(                                                                                 \
        const unsigned char* __restrict__ weights, const unsigned short* __restrict__ x, float* __restrict__ y, const uint4* __restrict__ works,    \
        const int* __restrict__ order, int share, long long matrixBytes, int M, int steps, int ldx, int ldy, int shares, float alpha,               \
        const float* __restrict__ bias)                                                                                                             \
    {                                                                                                                                               \
        multiply<FORMAT, NT, 1, AHEAD, false, true>(                                                                                                \
            weights, x, y, 0, M, 0, steps, ldx, ldy, shares, alpha, 0, 0, {works, order, share, matrixBytes, bias, 0});                             \
    }                                                                                                                                               \
    EXPORT_KERNEL(name)

#define MULTIPLY_EXPERTS_GATED(name, FORMAT, NT, AHEAD, BLOCKS)                                                                                     \
    extern "C" __global__ void __launch_bounds__(256, BLOCKS) name(                                                                                 \
        const unsigned char* __restrict__ weights, const unsigned short* __restrict__ x, unsigned short* __restrict__ output,                       \
        const uint4* __restrict__ works, const int* __restrict__ order, int share, long long matrixBytes, int M, int steps, int ldx, int ldo,       \
        int shares, float factor, int activation, const float* __restrict__ gateBias, const float* __restrict__ upBias)                             \
    {                                                                                                                                               \
        multiply<FORMAT, NT, 2, AHEAD, true, true>(                                                                                                 \
            weights, x, 0, output, M, 0, steps, ldx, ldo, shares, factor, 0, activation, {works, order, share, matrixBytes, gateBias, upBias});     \
    }                                                                                                                                               \
    EXPORT_KERNEL(name)
