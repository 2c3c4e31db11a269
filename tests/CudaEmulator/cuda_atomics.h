// CUDA's atomics. Blocks of one launch run one after the other, but streams run side by side.
#pragma once

namespace crescent {

template <class T, class F>
static inline T update(T* p, F change) {
    T old = *p, wanted;
    do wanted = change(old);
    while (!__atomic_compare_exchange(p, &old, &wanted, false, __ATOMIC_RELAXED, __ATOMIC_RELAXED));
    return old;
}

}  // namespace crescent

template <class T, class V>
static inline T atomicAdd(T* p, V v) { return crescent::update(p, [=](T old) { return (T)(old + v); }); }
template <class T, class V>
static inline T atomicSub(T* p, V v) { return crescent::update(p, [=](T old) { return (T)(old - v); }); }
template <class T, class V>
static inline T atomicMax(T* p, V v) { return crescent::update(p, [=](T old) { return old < (T)v ? (T)v : old; }); }
template <class T, class V>
static inline T atomicMin(T* p, V v) { return crescent::update(p, [=](T old) { return (T)v < old ? (T)v : old; }); }
template <class T, class V>
static inline T atomicOr(T* p, V v) { return crescent::update(p, [=](T old) { return (T)(old | v); }); }
template <class T, class V>
static inline T atomicAnd(T* p, V v) { return crescent::update(p, [=](T old) { return (T)(old & v); }); }
template <class T, class V>
static inline T atomicExch(T* p, V v) { return crescent::update(p, [=](T) { return (T)v; }); }
template <class T, class C, class V>
static inline T atomicCAS(T* p, C compare, V v) { return crescent::update(p, [=](T old) { return old == (T)compare ? (T)v : old; }); }
static inline unsigned atomicInc(unsigned* p, unsigned most) { return crescent::update(p, [=](unsigned old) { return old >= most ? 0u : old + 1; }); }
