// The device's own words (engine.cuda/Kernels/prelude.cuh) in the host's C++. Rounding is as there: to nearest, ties to even, once.
#pragma once

#define DYNAMIC_SHARED(T, name) T* name = reinterpret_cast<T*>(crescent_thread->shared)
#define EXPORT_KERNEL(name)
#define DEVICE static __device__ __forceinline__

DEVICE float half_to_float(unsigned short h) { return (float)crescent_bits<_Float16>(h); }
DEVICE unsigned short float_to_half(float f) { return crescent_bits<unsigned short>((_Float16)f); }
DEVICE unsigned pack_half2(float low, float high) { return float_to_half(low) | (unsigned)float_to_half(high) << 16; }

DEVICE float crescent_low(unsigned pair) { return half_to_float((unsigned short)pair); }
DEVICE float crescent_high(unsigned pair) { return half_to_float((unsigned short)(pair >> 16)); }

// A float has more than twice a half's digits: rounding twice is rounding once.
DEVICE unsigned half2_sub(unsigned a, unsigned b) { return pack_half2(crescent_low(a) - crescent_low(b), crescent_high(a) - crescent_high(b)); }
DEVICE unsigned half2_mul(unsigned a, unsigned b) { return pack_half2(crescent_low(a) * crescent_low(b), crescent_high(a) * crescent_high(b)); }
DEVICE unsigned half2_fma(unsigned a, unsigned b, unsigned c) {
    // The product is exact; the sum may differ from one rounding in a last bit, seldom.
    return pack_half2(fmaf(crescent_low(a), crescent_low(b), crescent_low(c)), fmaf(crescent_high(a), crescent_high(b), crescent_high(c)));
}

static inline void crescent_mma(unsigned site, float (&c)[4], unsigned a0, unsigned a1, unsigned a2, unsigned a3, unsigned b0, unsigned b1) {
    crescent::MatrixPart part = {c, {a0, a1, a2, a3}, {b0, b1}};
    crescent::services->multiply(crescent_thread, &part, site);
}
#define mma_16816(...) crescent_mma(CRESCENT_SITE, __VA_ARGS__)

DEVICE uint4 load_once_128(const void* p) { return *(const uint4*)p; }
DEVICE uint2 load_once_64(const void* p) { return *(const uint2*)p; }
DEVICE unsigned load_once_32(const void* p) { return *(const unsigned*)p; }
DEVICE float load_fresh_32(const float* p) { return *(const volatile float*)p; }

// A warp's 16 rows of a product of four warps need no other's: products of its own, of b where the tensor cores would read it.
DEVICE void show_to_tensor_cores() {}
template <int TILES>
DEVICE void group_begin(float (&)[TILES][4]) {}
template <int TILES>
DEVICE void group_end(float (&)[TILES][4]) {}
template <int TILES>
static inline void crescent_group_mma(unsigned site, float (&c)[TILES][4], unsigned a0, unsigned a1, unsigned a2, unsigned a3, const unsigned char* b, int part)
{
    int lane = threadIdx.x % 32, g = lane / 4, t = lane % 4;
    for (int n = 0; n < TILES; n++)
    {
        const unsigned char* row = b + (n * 8 + g) * 128;
        unsigned pair[2];
        for (int i = 0; i < 2; i++)
            memcpy(&pair[i], row + (((part * 2 + i) ^ g) << 4) + t * 4, 4);
        crescent_mma(site, c[n], a0, a1, a2, a3, pair[0], pair[1]);
    }
}
#define group_mma(...) crescent_group_mma(CRESCENT_SITE, __VA_ARGS__)
