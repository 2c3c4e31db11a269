// Barriers, and what the lanes of a warp tell one another.
#pragma once

#define CRESCENT_SITE ((unsigned)__LINE__ * 64u + (unsigned)__COUNTER__ % 64u)
#define __syncthreads() crescent::services->syncBlock(crescent_thread, CRESCENT_SITE)
#define __syncwarp(...) crescent::warpBarrier(CRESCENT_SITE, ##__VA_ARGS__)
#define __syncthreads_count(p) crescent::blockCount((p) != 0, CRESCENT_SITE)
#define __syncthreads_or(p) (crescent::blockCount((p) != 0, CRESCENT_SITE) != 0)
#define __syncthreads_and(p) (crescent::blockCount((p) == 0, CRESCENT_SITE) == 0)
#define __trap() crescent::services->fail(crescent_thread, 719, "__trap()")
#define __assertfail(...) crescent::services->fail(crescent_thread, 710, "assertion")
#define __nanosleep(n) ((void)(n))
#define __builtin_assume(x) ((void)0)
static inline void __threadfence() { __atomic_thread_fence(__ATOMIC_SEQ_CST); }
static inline void __threadfence_block() { __atomic_thread_fence(__ATOMIC_SEQ_CST); }
static inline void __threadfence_system() { __atomic_thread_fence(__ATOMIC_SEQ_CST); }

namespace crescent {

static inline void warpBarrier(unsigned site, unsigned mask = 0xffffffffu) { services->syncWarp(crescent_thread, mask, site); }

// Every lane of the mask puts a value down, and `use` sees all of them.
template <class T, class F>
static inline auto exchange(unsigned mask, T value, unsigned site, F use) {
    static_assert(sizeof(T) <= 8, "a value of eight bytes at most");
    Warp* warp = crescent_thread->warp;
    unsigned lane = crescent_thread->lane;
    if (!(mask >> lane & 1)) services->fail(crescent_thread, 719, "a lane calls a warp operation whose mask does not name it");
    if (mask == 0xffffffffu) {
        uint64_t* slots = warp->slots[warp->fullOperations & 1];
        memcpy(&slots[lane], &value, sizeof(T));
        services->syncWarp(crescent_thread, mask, site);
        return use(slots, lane);
    }
    uint64_t* slots = warp->slots[2];
    memcpy(&slots[lane], &value, sizeof(T));
    services->syncWarp(crescent_thread, mask, site);
    auto result = use(slots, lane);
    services->syncWarp(crescent_thread, mask, site);
    return result;
}

// A lane that the mask does not name, or that has ended, gives its slot as it is: nothing sensible, as on the device.
template <class T>
static inline T shuffle(unsigned mask, T value, unsigned site, int width, int (*from)(int, int, int), int by) {
    return exchange(mask, value, site, [=](const uint64_t* slots, unsigned lane) {
        int base = (int)lane & ~(width - 1), within = (int)lane & (width - 1);
        int source = from(within, by, width);
        T result = value;
        if (source >= 0 && source < width) memcpy(&result, &slots[base + source], sizeof(T));
        return result;
    });
}

static inline unsigned ballot(unsigned mask, bool predicate, unsigned site) {
    return exchange(mask, (uint64_t)predicate, site, [=](const uint64_t* slots, unsigned) {
        unsigned result = 0;
        for (int i = 0; i < 32; i++)
            if ((mask & crescent_thread->warp->lanes) >> i & 1) result |= (unsigned)(slots[i] & 1) << i;
        return result;
    });
}

template <class T, class F>
static inline T reduce(unsigned mask, T value, unsigned site, F combine) {
    return exchange(mask, value, site, [=](const uint64_t* slots, unsigned lane) {
        T result = value;
        for (int i = 0; i < 32; i++) {
            if (i == (int)lane || !((mask & crescent_thread->warp->lanes) >> i & 1)) continue;
            T other;
            memcpy(&other, &slots[i], sizeof(T));
            result = combine(result, other);
        }
        return result;
    });
}

static inline int blockCount(bool predicate, unsigned site) {
    static thread_local int count;
    services->syncBlock(crescent_thread, site);
    if (crescent_thread->thread.x == 0 && crescent_thread->thread.y == 0 && crescent_thread->thread.z == 0) count = 0;
    services->syncBlock(crescent_thread, site);
    count += predicate;
    services->syncBlock(crescent_thread, site);
    return count;
}

}  // namespace crescent

template <class T>
static inline T crescent_shfl(unsigned site, unsigned mask, T value, int lane, int width = 32) {
    return crescent::shuffle(mask, value, site, width, [](int, int by, int w) { return by & (w - 1); }, lane);
}
template <class T>
static inline T crescent_shfl_xor(unsigned site, unsigned mask, T value, int lanes, int width = 32) {
    return crescent::shuffle(mask, value, site, width, [](int l, int by, int) { return l ^ by; }, lanes);
}
template <class T>
static inline T crescent_shfl_down(unsigned site, unsigned mask, T value, int by, int width = 32) {
    return crescent::shuffle(mask, value, site, width, [](int l, int d, int) { return l + d; }, by);
}
template <class T>
static inline T crescent_shfl_up(unsigned site, unsigned mask, T value, int by, int width = 32) {
    return crescent::shuffle(mask, value, site, width, [](int l, int d, int) { return l - d; }, by);
}

#define __shfl_sync(...) crescent_shfl(CRESCENT_SITE, __VA_ARGS__)
#define __shfl_xor_sync(...) crescent_shfl_xor(CRESCENT_SITE, __VA_ARGS__)
#define __shfl_down_sync(...) crescent_shfl_down(CRESCENT_SITE, __VA_ARGS__)
#define __shfl_up_sync(...) crescent_shfl_up(CRESCENT_SITE, __VA_ARGS__)
#define __ballot_sync(mask, p) crescent::ballot((mask), (p) != 0, CRESCENT_SITE)
#define __any_sync(mask, p) (crescent::ballot((mask), (p) != 0, CRESCENT_SITE) != 0)
#define __all_sync(mask, p) (crescent::ballot((mask), (p) == 0, CRESCENT_SITE) == 0)
#define __reduce_add_sync(mask, v) crescent::reduce((mask), (v), CRESCENT_SITE, [](auto a, auto b) { return a + b; })
#define __reduce_min_sync(mask, v) crescent::reduce((mask), (v), CRESCENT_SITE, [](auto a, auto b) { return b < a ? b : a; })
#define __reduce_max_sync(mask, v) crescent::reduce((mask), (v), CRESCENT_SITE, [](auto a, auto b) { return a < b ? b : a; })
#define __reduce_or_sync(mask, v) crescent::reduce((mask), (v), CRESCENT_SITE, [](auto a, auto b) { return a | b; })
#define __activemask() (crescent_thread->warp->lanes & ~crescent_thread->warp->done)
