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

// A load of what other blocks of the same launch have written: past the first-level cache.
DEVICE float load_fresh_32(const float* p)
{
    float v;
    asm volatile("ld.global.cg.f32 %0, [%1];" : "=f"(v) : "l"(p));
    return v;
}

// Products of four warps together, in code for sm_90a alone.
#if defined(__CUDA_ARCH_FEAT_SM90_ALL)
#define HAS_GROUP_MMA 1

// What the thread has stored in shared memory can be read by the tensor cores, once the block has met.
DEVICE void show_to_tensor_cores() { asm volatile("fence.proxy.async.shared::cta;" ::: "memory"); }

template <int TILES>
DEVICE void hold(float (&c)[TILES][4])
{
#pragma unroll
    for (int n = 0; n < TILES; n++)
#pragma unroll
        for (int j = 0; j < 4; j++)
            asm volatile("" : "+f"(c[n][j])::"memory");
}

// Before the products of a group of which c and the registers of a are part.
template <int TILES>
DEVICE void group_begin(float (&c)[TILES][4])
{
    hold(c);
    asm volatile("wgmma.fence.sync.aligned;" ::: "memory");
}

// Waits for them.
template <int TILES>
DEVICE void group_end(float (&c)[TILES][4])
{
    asm volatile("wgmma.commit_group.sync.aligned;" ::: "memory");
    asm volatile("wgmma.wait_group.sync.aligned 0;" ::: "memory");
    hold(c);
}

// Where the tensor cores find columns 16 part to 16 part + 15 of rows of b: address / 16; 1024 bytes from eight rows to the next; pieces exchanged within 128 bytes.
DEVICE unsigned long long described(const unsigned char* b, int part)
{
    unsigned address;
    asm("{ .reg .u64 p; cvta.to.shared.u64 p, %1; cvt.u32.u64 %0, p; }" : "=r"(address) : "l"(b));
    return (unsigned long long)((address + part * 32) >> 4 & 0x3fff) | 1ull << 16 | 64ull << 32 | 1ull << 62;
}

// c (64, 8 TILES) += a (64, 16) b (16, 8 TILES): each of the four warps has 16 rows of a and c, laid out as in mma_16816, with c[n] the columns 8n to 8n + 7. b: columns
// 16 part to 16 part + 15 of rows in shared memory, 128 bytes each, whose pieces of 16 bytes lie where piece ^ (row & 7) says; its first byte is a multiple of 1024.
DEVICE void group_mma(float (&c)[8][4], unsigned a0, unsigned a1, unsigned a2, unsigned a3, const unsigned char* b, int part)
{
    asm volatile(
        "{ .reg .pred p; setp.ne.b32 p, 1, 0;"
        "wgmma.mma_async.sync.aligned.m64n64k16.f32.f16.f16 "
        "{%0,%1,%2,%3,%4,%5,%6,%7,%8,%9,%10,%11,%12,%13,%14,%15,%16,%17,%18,%19,%20,%21,%22,%23,%24,%25,%26,%27,%28,%29,%30,%31}, "
        "{%32,%33,%34,%35}, %36, p, 1, 1, 0; }"
        : "+f"(c[0][0]), "+f"(c[0][1]), "+f"(c[0][2]), "+f"(c[0][3]), "+f"(c[1][0]), "+f"(c[1][1]), "+f"(c[1][2]), "+f"(c[1][3]), "+f"(c[2][0]), "+f"(c[2][1]),
        "+f"(c[2][2]), "+f"(c[2][3]), "+f"(c[3][0]), "+f"(c[3][1]), "+f"(c[3][2]), "+f"(c[3][3]), "+f"(c[4][0]), "+f"(c[4][1]), "+f"(c[4][2]), "+f"(c[4][3]),
        "+f"(c[5][0]), "+f"(c[5][1]), "+f"(c[5][2]), "+f"(c[5][3]), "+f"(c[6][0]), "+f"(c[6][1]), "+f"(c[6][2]), "+f"(c[6][3]), "+f"(c[7][0]), "+f"(c[7][1]),
        "+f"(c[7][2]), "+f"(c[7][3])
        : "r"(a0), "r"(a1), "r"(a2), "r"(a3), "l"(described(b, part)));
}

DEVICE void group_mma(float (&c)[4][4], unsigned a0, unsigned a1, unsigned a2, unsigned a3, const unsigned char* b, int part)
{
    asm volatile(
        "{ .reg .pred p; setp.ne.b32 p, 1, 0;"
        "wgmma.mma_async.sync.aligned.m64n32k16.f32.f16.f16 "
        "{%0,%1,%2,%3,%4,%5,%6,%7,%8,%9,%10,%11,%12,%13,%14,%15}, "
        "{%16,%17,%18,%19}, %20, p, 1, 1, 0; }"
        : "+f"(c[0][0]), "+f"(c[0][1]), "+f"(c[0][2]), "+f"(c[0][3]), "+f"(c[1][0]), "+f"(c[1][1]), "+f"(c[1][2]), "+f"(c[1][3]), "+f"(c[2][0]), "+f"(c[2][1]),
        "+f"(c[2][2]), "+f"(c[2][3]), "+f"(c[3][0]), "+f"(c[3][1]), "+f"(c[3][2]), "+f"(c[3][3])
        : "r"(a0), "r"(a1), "r"(a2), "r"(a3), "l"(described(b, part)));
}
#endif

#endif
