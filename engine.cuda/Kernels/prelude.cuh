// What kernels need beyond the language: half-precision conversions, two halves at once, a tensor-core product, loads past the first-level cache. No header
// of CUDA is included anywhere, so that NVRTC needs no include path. A program that runs these sources elsewhere defines CRESCENT_PRELUDE and gives the same
// functions itself.
#pragma once
#ifndef CRESCENT_PRELUDE
#define CRESCENT_PRELUDE

// Dynamic shared memory as an array of T.
#define DYNAMIC_SHARED(T, name)                                      \
    extern __shared__ __align__(16) unsigned char name##_bytes[];    \
    T* name = reinterpret_cast<T*>(name##_bytes)

// Marks a kernel as one to be found by its name.
#define EXPORT_KERNEL(name)

#define DEVICE static __device__ __forceinline__

DEVICE float half_to_float(unsigned short h)
{
    float f;
    asm("cvt.f32.f16 %0, %1;" : "=f"(f) : "h"(h));
    return f;
}

// Rounds to nearest, ties to even; what is too large becomes infinite.
DEVICE unsigned short float_to_half(float f)
{
    unsigned short h;
    asm("cvt.rn.f16.f32 %0, %1;" : "=h"(h) : "f"(f));
    return h;
}

// Two floats as halves, the first in the low sixteen bits.
DEVICE unsigned pack_half2(float low, float high)
{
    unsigned h;
    asm("cvt.rn.f16x2.f32 %0, %1, %2;" : "=r"(h) : "f"(high), "f"(low));
    return h;
}

// a - b, a * b and a * b + c of two halves each; the last rounds once.
DEVICE unsigned half2_sub(unsigned a, unsigned b)
{
    unsigned r;
    asm("sub.rn.f16x2 %0, %1, %2;" : "=r"(r) : "r"(a), "r"(b));
    return r;
}

DEVICE unsigned half2_mul(unsigned a, unsigned b)
{
    unsigned r;
    asm("mul.rn.f16x2 %0, %1, %2;" : "=r"(r) : "r"(a), "r"(b));
    return r;
}

DEVICE unsigned half2_fma(unsigned a, unsigned b, unsigned c)
{
    unsigned r;
    asm("fma.rn.f16x2 %0, %1, %2, %3;" : "=r"(r) : "r"(a), "r"(b), "r"(c));
    return r;
}

// c (16, 8) += a (16, 16) b (16, 8), halves summed in float, by a whole warp. With g = lane / 4 and t = lane % 4, a lane holds of a: a0 row g, columns 2t and
// 2t + 1; a1 row g + 8, the same columns; a2 row g, columns 2t + 8 and 2t + 9; a3 row g + 8, those; of b: b0 rows 2t and 2t + 1, column g; b1 rows 2t + 8 and
// 2t + 9; of c: c[0], c[1] row g, columns 2t and 2t + 1; c[2], c[3] row g + 8.
DEVICE void mma_16816(float (&c)[4], unsigned a0, unsigned a1, unsigned a2, unsigned a3, unsigned b0, unsigned b1)
{
    asm volatile(
        "mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9}, {%0,%1,%2,%3};"
        : "+f"(c[0]), "+f"(c[1]), "+f"(c[2]), "+f"(c[3])
        : "r"(a0), "r"(a1), "r"(a2), "r"(a3), "r"(b0), "r"(b1));
}

// Loads of what is read once: weights, which would only push activations out of the first-level cache.
DEVICE uint4 load_once_128(const void* p)
{
    uint4 v;
    asm volatile("ld.global.nc.L1::no_allocate.v4.u32 {%0,%1,%2,%3}, [%4];" : "=r"(v.x), "=r"(v.y), "=r"(v.z), "=r"(v.w) : "l"(p));
    return v;
}

DEVICE uint2 load_once_64(const void* p)
{
    uint2 v;
    asm volatile("ld.global.nc.L1::no_allocate.v2.u32 {%0,%1}, [%2];" : "=r"(v.x), "=r"(v.y) : "l"(p));
    return v;
}

DEVICE unsigned load_once_32(const void* p)
{
    unsigned v;
    asm volatile("ld.global.nc.L1::no_allocate.u32 %0, [%1];" : "=r"(v) : "l"(p));
    return v;
}

#endif
