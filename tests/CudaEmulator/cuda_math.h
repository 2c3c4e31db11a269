// CUDA's arithmetic. The fast forms are the exact ones here: kernels are compared within the tolerance of the device's.
#pragma once

template <class To, class From>
static inline To crescent_bits(From value) {
    static_assert(sizeof(To) == sizeof(From), "the same size");
    To to;
    memcpy(&to, &value, sizeof(To));
    return to;
}

static inline float __uint_as_float(unsigned u) { return crescent_bits<float>(u); }
static inline float __int_as_float(int i) { return crescent_bits<float>(i); }
static inline unsigned __float_as_uint(float f) { return crescent_bits<unsigned>(f); }
static inline int __float_as_int(float f) { return crescent_bits<int>(f); }
static inline long long __double_as_longlong(double d) { return crescent_bits<long long>(d); }
static inline double __longlong_as_double(long long l) { return crescent_bits<double>(l); }

static inline float rsqrtf(float x) { return 1.0f / sqrtf(x); }
static inline float __frsqrt_rn(float x) { return 1.0f / sqrtf(x); }
static inline float __fsqrt_rn(float x) { return sqrtf(x); }
static inline float __frcp_rn(float x) { return 1.0f / x; }
static inline float __fdividef(float x, float y) { return x / y; }
static inline float __fdiv_rn(float x, float y) { return x / y; }
static inline float __fmaf_rn(float a, float b, float c) { return fmaf(a, b, c); }
// A product or sum of its own: never part of a fused one.
static inline float __fmul_rn(float a, float b) { volatile float r = a * b; return r; }
static inline float __fadd_rn(float a, float b) { volatile float r = a + b; return r; }
static inline float __fsub_rn(float a, float b) { volatile float r = a - b; return r; }
static inline double __dmul_rn(double a, double b) { volatile double r = a * b; return r; }
static inline double __dadd_rn(double a, double b) { volatile double r = a + b; return r; }
static inline double __ddiv_rn(double a, double b) { return a / b; }
static inline float __saturatef(float x) { return x > 0.0f ? (x < 1.0f ? x : 1.0f) : 0.0f; }
#define __expf expf
#define __exp2f exp2f
#define __exp10f exp10f
#define __logf logf
#define __log2f log2f
#define __log10f log10f
#define __sinf sinf
#define __cosf cosf
#define __tanf tanf
#define __powf powf
#define __tanhf tanhf
#define __sincosf sincosf
static inline void sincospif(float x, float* s, float* c) { *s = (float)sin(M_PI * x); *c = (float)cos(M_PI * x); }

static inline int __float2int_rn(float x) { return (int)lrintf(x); }
static inline int __float2int_rz(float x) { return (int)x; }
static inline int __float2int_rd(float x) { return (int)floorf(x); }
static inline int __float2int_ru(float x) { return (int)ceilf(x); }
static inline unsigned __float2uint_rn(float x) { return (unsigned)lrintf(x); }
static inline float __int2float_rn(int x) { return (float)x; }
static inline float __uint2float_rn(unsigned x) { return (float)x; }

// Overloads as in CUDA, which takes mixed signedness.
template <class A, class B>
static inline constexpr std::common_type_t<A, B> min(A a, B b) { return b < a ? b : a; }
template <class A, class B>
static inline constexpr std::common_type_t<A, B> max(A a, B b) { return a < b ? b : a; }
static inline float min(float a, float b) { return fminf(a, b); }
static inline float max(float a, float b) { return fmaxf(a, b); }

static inline int __popc(unsigned x) { return __builtin_popcount(x); }
static inline int __popcll(unsigned long long x) { return __builtin_popcountll(x); }
static inline int __clz(int x) { return x ? __builtin_clz((unsigned)x) : 32; }
static inline int __clzll(long long x) { return x ? __builtin_clzll((unsigned long long)x) : 64; }
static inline int __ffs(int x) { return __builtin_ffs(x); }
static inline unsigned __brev(unsigned x) {
    unsigned r = 0;
    for (int i = 0; i < 32; i++) r |= ((x >> i) & 1u) << (31 - i);
    return r;
}
static inline int __mulhi(int a, int b) { return (int)(((long long)a * b) >> 32); }
static inline unsigned __umulhi(unsigned a, unsigned b) { return (unsigned)(((unsigned long long)a * b) >> 32); }
static inline unsigned __byte_perm(unsigned a, unsigned b, unsigned s) {
    unsigned char bytes[8];
    memcpy(bytes, &a, 4);
    memcpy(bytes + 4, &b, 4);
    unsigned r = 0;
    for (int i = 0; i < 4; i++) {
        unsigned pick = (s >> (4 * i)) & 0xf, byte = bytes[pick & 7];
        r |= ((pick & 8) ? (byte & 0x80 ? 0xffu : 0u) : byte) << (8 * i);
    }
    return r;
}
static inline unsigned __funnelshift_r(unsigned lo, unsigned hi, unsigned n) { return (unsigned)(((((uint64_t)hi) << 32) | lo) >> (n & 31)); }
static inline unsigned __funnelshift_l(unsigned lo, unsigned hi, unsigned n) { return (unsigned)((((((uint64_t)hi) << 32) | lo) << (n & 31)) >> 32); }

// Four products of bytes and a sum.
static inline int __dp4a(int a, int b, int c) {
    for (int i = 0; i < 4; i++) c += (int)(signed char)(a >> (8 * i)) * (int)(signed char)(b >> (8 * i));
    return c;
}
static inline unsigned __dp4a(unsigned a, unsigned b, unsigned c) {
    for (int i = 0; i < 4; i++) c += ((a >> (8 * i)) & 0xffu) * ((b >> (8 * i)) & 0xffu);
    return c;
}
static inline int __vsubss4(int a, int b) {
    unsigned r = 0;
    for (int i = 0; i < 4; i++) {
        int d = (int)(signed char)(a >> (8 * i)) - (int)(signed char)(b >> (8 * i));
        r |= ((unsigned)(d > 127 ? 127 : d < -128 ? -128 : d) & 0xffu) << (8 * i);
    }
    return (int)r;
}
static inline unsigned __vsub4(unsigned a, unsigned b) {
    unsigned r = 0;
    for (int i = 0; i < 4; i++) r |= (((a >> (8 * i)) - (b >> (8 * i))) & 0xffu) << (8 * i);
    return r;
}

// Loads and stores with a hint of their use.
#define CRESCENT_LOAD(name) \
    template <class T>      \
    static inline T name(const T* p) { return *p; }
CRESCENT_LOAD(__ldg)
CRESCENT_LOAD(__ldcg)
CRESCENT_LOAD(__ldca)
CRESCENT_LOAD(__ldcs)
CRESCENT_LOAD(__ldcv)
CRESCENT_LOAD(__ldlu)
#undef CRESCENT_LOAD
#define CRESCENT_STORE(name) \
    template <class T>       \
    static inline void name(T* p, T value) { *p = value; }
CRESCENT_STORE(__stcg)
CRESCENT_STORE(__stcs)
CRESCENT_STORE(__stwb)
CRESCENT_STORE(__stwt)
#undef CRESCENT_STORE
