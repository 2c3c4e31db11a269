// What the kernels of attention.cu are made of: parts of a step, loads of keys and values, and the sums of rows whose positions several warps or blocks have looked at.
#pragma once
#include "rope.cuh"

#define MASKED -1e30f
#define LOG2_E 1.44269504f

// A part of a step: of a warp, or of the four warps of a block together.
struct Work
{
    int token;    // first of its tokens in the step
    int tokens;   // neighbours, at most 16 / heads of a group; 0 where there is nothing to do
    int position; // of the first token
    int table;    // where the sequence's block table begins
    int begin;    // first position to look at, a multiple of 16
    int end;      // one past the last
    int partial;  // row of the partial results, where there are several parts
    int slot;     // of the counter that parts of the same tokens share
    int part;     // its number among them
    int parts;    // how many they are, at most 32
    int unused[2];
};

#define MOST_ROWS 16
#define TOGETHER 4

// Has the second-level cache fetch the rows of a block of the cache, of a head.
template <int SIZE>
DEVICE void fetch_rows(const unsigned short* rows, int lane)
{
#ifdef __CUDA_ARCH__
#pragma unroll 1
    for (int at = lane * 64; at < 16 * SIZE; at += 2048)
        asm volatile("prefetch.global.L2 [%0];" ::"l"(rows + at));
#endif
}

// The keys of a block of the cache for a key head, its values for a head behind all key heads.
template <int SIZE>
DEVICE const unsigned short* keys_of(const unsigned char* blocks, long long offset, int head) { return (const unsigned short*)(blocks + offset) + (long long)head * 16 * SIZE; }

// Has it fetch both.
template <int SIZE>
DEVICE void fetch_block(const unsigned char* blocks, long long offset, int kvHead, int kvHeads, int lane)
{
    fetch_rows<SIZE>(keys_of<SIZE>(blocks, offset, kvHead), lane);
    fetch_rows<SIZE>(keys_of<SIZE>(blocks, offset, kvHeads + kvHead), lane);
}

// Heads of more values leave no registers for queries, keys and values that wait: those are then read where they are multiplied.
template <int SIZE>
DEVICE constexpr bool holds() { return SIZE <= 128; }

// What a lane multiplies of 16 positions' keys.
template <int SIZE>
DEVICE void load_keys(uint4 (&key)[2][SIZE / 32], const unsigned short* keys, int g, int t)
{
#pragma unroll
    for (int n = 0; n < 2; n++)
#pragma unroll
        for (int k = 0; k < SIZE / 32; k++)
            key[n][k] = *(const uint4*)(keys + (n * 8 + g) * SIZE + t * 8 + k * 32);
}

// A head's sink: one more score, of no value. Scores are powers of two.
DEVICE float sink_of(const float* sinks, int head) { return sinks ? sinks[head] * LOG2_E : MASKED; }

DEVICE float sink_weight(float sink, float most) { return sink == MASKED ? 0.0f : exp2f(sink - most); }

// What a lane multiplies of 16 positions' values, of 64 columns.
template <int SIZE>
DEVICE void load_values(uint4 (&value)[4], const unsigned short* values, int g, int t)
{
#pragma unroll
    for (int i = 0; i < 4; i++)
        value[i] = *(const uint4*)(values + g * 8 + (2 * t + i % 2 + i / 2 * 8) * SIZE);
}

// Adds the values of 16 positions, of 64 columns, times weights (half of the positions, row).
DEVICE void multiply_values(float (*o)[4], const unsigned (&p)[2][2], const uint4 (&w)[4])
{
    unsigned a[4] = {w[0].x, w[0].y, w[0].z, w[0].w}, b[4] = {w[1].x, w[1].y, w[1].z, w[1].w};
    unsigned c[4] = {w[2].x, w[2].y, w[2].z, w[2].w}, d[4] = {w[3].x, w[3].y, w[3].z, w[3].w};
#pragma unroll
    for (int j = 0; j < 8; j++)
    {
        unsigned pick = j % 2 == 0 ? 0x5410 : 0x7632;
        mma_16816(o[j], p[0][0], p[0][1], p[1][0], p[1][1], __byte_perm(a[j / 2], b[j / 2], pick), __byte_perm(c[j / 2], d[j / 2], pick));
    }
}

// Adds products of 32 columns of two rows of queries and of keys to scores.
DEVICE void multiply_keys(float (&s)[4], uint4 a, uint4 b, uint4 key)
{
    mma_16816(s, a.x, b.x, a.y, b.y, key.x, key.y);
    mma_16816(s, a.z, b.z, a.w, b.w, key.z, key.w);
}

// Makes weights p of the scores s of row r, as halves, once its largest score is most: what has been added up of it shrinks to that.
template <int TILES>
DEVICE void weigh(float (&o)[TILES][4], const float (&s)[2][4], unsigned (&p)[2][2], float (&largest)[2], float (&sum)[2], float most, int r)
{
    float shrink = exp2f(largest[r] - most);
    largest[r] = most;
    sum[r] *= shrink;
#pragma unroll
    for (int i = 0; i < TILES; i++)
    {
        o[i][r * 2] *= shrink;
        o[i][r * 2 + 1] *= shrink;
    }

#pragma unroll
    for (int n = 0; n < 2; n++)
    {
        float a = s[n][r * 2] == MASKED ? 0.0f : exp2f(s[n][r * 2] - most);
        float b = s[n][r * 2 + 1] == MASKED ? 0.0f : exp2f(s[n][r * 2 + 1] - most);
        sum[r] += a + b;
        p[n][r] = pack_half2(a, b);
    }
}

// What a block of the parts of a step shares: results of its warps.
template <int SIZE>
struct Shared
{
    float values[TOGETHER][MOST_ROWS][SIZE < 128 ? SIZE : 128]; // some of the columns, these first
    float largest[TOGETHER][MOST_ROWS];
    float sums[TOGETHER][MOST_ROWS];
    __align__(16) unsigned short queries[MOST_ROWS][SIZE];
    int last;
};

// Adds up what the warps of a block have found of the columns from firstColumn on; a column is a thread's.
template <int SIZE>
DEVICE void join_warps(
    const Work& work, Shared<SIZE>* shared, unsigned short* output, int ldo, float* values, float* sums, int heads, int size, int firstHead, int rowHeads,
    const float* sinks, int firstColumn)
{
    constexpr int COLUMNS = SIZE < 128 ? SIZE : 128;
    __syncthreads();
    int inPart = threadIdx.x % COLUMNS, column = firstColumn + inPart;
    for (int row = threadIdx.x / COLUMNS; row < work.tokens * rowHeads; row += 128 / COLUMNS)
    {
        int token = row / rowHeads, head = firstHead + row % rowHeads;
        float sink = work.parts == 1 ? sink_of(sinks, head) : MASKED, most = sink, value = 0.0f;
#pragma unroll
        for (int w = 0; w < TOGETHER; w++)
            most = fmaxf(most, shared->largest[w][row]);
        float sum = sink_weight(sink, most);
#pragma unroll
        for (int w = 0; w < TOGETHER; w++)
        {
            float weight = exp2f(shared->largest[w][row] - most);
            sum += weight * shared->sums[w][row];
            value += weight * shared->values[w][row][inPart];
        }

        if (work.parts == 1)
        {
            if (column < size)
                output[(long long)(work.token + token) * ldo + head * size + column] = float_to_half(value / sum);
            continue;
        }

        long long at = (long long)(work.partial + token) * heads + head;
        values[at * SIZE + column] = value;
        if (column == 0)
        {
            sums[at * 2] = most;
            sums[at * 2 + 1] = sum;
        }
    }
}

// The last block of those that share tokens, which isLast in shared memory tells its threads, adds up what all have found, in the order of positions; a row is a warp's.
template <int SIZE>
DEVICE void join_parts(
    const Work& work, int* isLast, int* counter, unsigned short* output, int ldo, const float* values, const float* sums, int heads, int size, int firstHead, int rowHeads,
    const float* sinks)
{
    __threadfence();
    __syncthreads();
    if (threadIdx.x == 0)
    {
        *isLast = atomicAdd(counter, 1) == work.parts - 1;
        if (*isLast)
            *counter = 0;
    }

    __syncthreads();
    if (!*isLast)
        return;
    __threadfence();
    int lane = threadIdx.x & 31;
    for (int row = threadIdx.x >> 5; row < work.tokens * rowHeads; row += TOGETHER)
    {
        int token = row / rowHeads, head = firstHead + row % rowHeads;
        long long first = (long long)(work.partial - work.part * work.tokens + token) * heads + head, next = (long long)work.tokens * heads;
        float largest = MASKED, sum = 0.0f;
        if (lane < work.parts)
        {
            largest = load_fresh_32(sums + (first + lane * next) * 2);
            sum = load_fresh_32(sums + (first + lane * next) * 2 + 1);
        }

        float sink = sink_of(sinks, head), most = fmaxf(largest, sink);
        for (int offset = 16; offset > 0; offset >>= 1)
            most = fmaxf(most, __shfl_xor_sync(ALL_LANES, most, offset));
        float weight = exp2f(largest - most);
        weight /= warp_sum(sum * weight) + sink_weight(sink, most);
        float v[SIZE / 32];
#pragma unroll
        for (int k = 0; k < SIZE / 32; k++)
            v[k] = 0.0f;
#pragma unroll 4
        for (int i = 0; i < work.parts; i++)
        {
            float w = __shfl_sync(ALL_LANES, weight, i);
#pragma unroll
            for (int k = 0; k < SIZE / 32; k++)
                v[k] += w * load_fresh_32(values + (first + i * next) * SIZE + k * 32 + lane);
        }

#pragma unroll
        for (int k = 0; k < SIZE / 32; k++)
            if (k * 32 + lane < size)
                output[(long long)(work.token + token) * ldo + head * size + k * 32 + lane] = float_to_half(v[k]);
    }
}
