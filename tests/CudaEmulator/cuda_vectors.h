// CUDA's vector types, aligned as on the device: a load from an address that is not aligned faults here too, where the host has such a load.
#pragma once

#define CRESCENT_VECTOR(type, base, align2, align4)                                                \
    struct alignas(align2) type##2 { base x, y; };                                                 \
    struct type##3 { base x, y, z; };                                                              \
    struct alignas(align4) type##4 { base x, y, z, w; };                                           \
    static inline type##2 make_##type##2(base x, base y) { return {x, y}; }                        \
    static inline type##3 make_##type##3(base x, base y, base z) { return {x, y, z}; }             \
    static inline type##4 make_##type##4(base x, base y, base z, base w) { return {x, y, z, w}; }

CRESCENT_VECTOR(char, signed char, 2, 4)
CRESCENT_VECTOR(uchar, unsigned char, 2, 4)
CRESCENT_VECTOR(short, short, 4, 8)
CRESCENT_VECTOR(ushort, unsigned short, 4, 8)
CRESCENT_VECTOR(int, int, 8, 16)
CRESCENT_VECTOR(uint, unsigned, 8, 16)
CRESCENT_VECTOR(float, float, 8, 16)
CRESCENT_VECTOR(double, double, 16, 16)
CRESCENT_VECTOR(longlong, long long, 16, 16)
CRESCENT_VECTOR(ulonglong, unsigned long long, 16, 16)
#undef CRESCENT_VECTOR

struct dim3 {
    unsigned x = 1, y = 1, z = 1;
    dim3(unsigned a = 1, unsigned b = 1, unsigned c = 1) : x(a), y(b), z(c) {}
};
