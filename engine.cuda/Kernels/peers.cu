// What the GPUs of a device have each computed of a sum, added up: addresses may be those of other GPUs' memory. No address is promised to be no other's alias, as a sum may
// stand where one of its parts was; counts are of four floats.
#include "numbers.cuh"

#define MOST_PARTS 8

DEVICE uint4 plus(uint4 a, uint4 b)
{
    return make_uint4(
        __float_as_uint(__uint_as_float(a.x) + __uint_as_float(b.x)), __float_as_uint(__uint_as_float(a.y) + __uint_as_float(b.y)),
        __float_as_uint(__uint_as_float(a.z) + __uint_as_float(b.z)), __float_as_uint(__uint_as_float(a.w) + __uint_as_float(b.w)));
}

// y (count) = p0 + p1 + … of as many parts as there are, in this order, or y += that. Grid: threads for all.
extern "C" __global__ void add_parts(
    uint4* y, const uint4* p0, const uint4* p1, const uint4* p2, const uint4* p3, const uint4* p4, const uint4* p5, const uint4* p6, const uint4* p7, int parts, int count,
    int accumulate)
{
    take_turn();
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i >= count)
        return;
    const uint4* all[MOST_PARTS] = {p0, p1, p2, p3, p4, p5, p6, p7};
    uint4 values[MOST_PARTS];

    // All are on their way before the first is waited for.
#pragma unroll
    for (int part = 0; part < MOST_PARTS; part++)
        if (part < parts)
            values[part] = all[part][i];
    uint4 sum = values[0];
#pragma unroll
    for (int part = 1; part < MOST_PARTS; part++)
        if (part < parts)
            sum = plus(sum, values[part]);
    y[i] = accumulate ? plus(y[i], sum) : sum;
}
EXPORT_KERNEL(add_parts)

// y (count) = the slices of so many that lie in p0, p1, … at their places, one in each, or y += them. Grid: (threads for a slice, parts).
extern "C" __global__ void join_slices(
    uint4* y, const uint4* p0, const uint4* p1, const uint4* p2, const uint4* p3, const uint4* p4, const uint4* p5, const uint4* p6, const uint4* p7, int slice, int count,
    int accumulate)
{
    take_turn();
    int i = blockIdx.x * blockDim.x + threadIdx.x, at = (int)blockIdx.y * slice + i;
    if (i >= slice || at >= count)
        return;
    const uint4* all[MOST_PARTS] = {p0, p1, p2, p3, p4, p5, p6, p7};
    const uint4* from = p0;
#pragma unroll
    for (int part = 1; part < MOST_PARTS; part++)
        if (part == (int)blockIdx.y)
            from = all[part];
    y[at] = accumulate ? plus(y[at], from[at]) : from[at];
}
EXPORT_KERNEL(join_slices)
