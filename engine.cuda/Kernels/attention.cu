// Causal attention over paged keys and values, for decode and prefill alike. A warp takes up to 16 query rows that share a key head: the heads of its group, of
// one token or of several neighbours; and a range of positions, 16 at a time, which are one block of the cache. Keys and values go straight from device memory
// to the registers that tensor cores read: in a sum over a head the order of columns does not matter, and a value's columns may lie in any lane, so that every
// load is of 16 bytes.
#include "attention.cuh"

// What a block needs to turn its own queries and store its own key and value: see rope_store.
struct Rope
{
    const float* qkv;
    int ld;
    const float* bias;
    const float* queryNorm;
    const float* keyNorm;
    const float2* turns;
    const int* cells;
    int turning;
    int interleaved;
    float epsilon;
    float scale;
    const float* temperatures;
};

// Turns the queries of a token's heads to where all warps of the block read them; the block that looks at the token's own position stores its key and value first.
template <int SIZE>
DEVICE void rope_work(
    const Rope& rope, const Work& work, unsigned short (*queries)[SIZE], unsigned char* blocks, long long blockBytes, long long layerOffset, int heads, int kvHeads,
    int kvHead, int firstHead, int rowHeads, int size)
{
    int warp = threadIdx.x >> 5, lane = threadIdx.x & 31;
    const float* x = rope.qkv + (long long)work.token * rope.ld;
    const float2* turns = rope.turns + (long long)work.token * (rope.turning / 2);
    if (work.part == work.parts - 1 && warp >= TOGETHER - 2)
    {
        bool value = warp == TOGETHER - 1;
        int head = heads + (value ? kvHeads : 0) + kvHead;
        const float* biases = rope.bias ? rope.bias + head * size : 0;
        unsigned short* target = cell_of(blocks, blockBytes, layerOffset, rope.cells[work.token], value, kvHead, kvHeads, SIZE);
        if (value)
            store_head(x + head * size, biases, target, size, SIZE, 1.0f, lane);
        else
            rope_head(x + head * size, biases, rope.keyNorm, turns, target, size, SIZE, rope.turning, rope.interleaved, rope.epsilon, 1.0f, lane);
    }

    float scale = rope.temperatures ? rope.scale * rope.temperatures[work.token] : rope.scale;
    for (int row = warp; row < rowHeads; row += TOGETHER)
    {
        int head = firstHead + row;
        rope_head(
            x + head * size, rope.bias ? rope.bias + head * size : 0, rope.queryNorm, turns, queries[row], size, SIZE, rope.turning, rope.interleaved, rope.epsilon, scale, lane);
    }

    __syncthreads();
}

// A token sees itself and as many positions before it as make window. sinks (heads) may be null. queries (token, head, SIZE) halves, times scale and log2 e. output
// (token, ldo) halves: (head, size). partials: values (row, head, SIZE), sums (row, head, 2): largest score and sum. Grid: (blocks of 4 works, or works where SHARED
// is there, key heads * head groups): a group of more than 16 heads is taken 16 at a time. Block: 128. Where SHARED is there the four warps of a block take a work
// together, every fourth block of the cache each, and the last block of those that share tokens joins their results: counters (slot, key heads * head groups), zeros
// before and after. Where rope is there, queries are turned here, of one token a work.
template <int SIZE, bool SHARED, bool ROPE>
DEVICE void attend(
    const unsigned short* __restrict__ queries, unsigned char* blocks, long long blockBytes, long long layerOffset,
    const int* __restrict__ tables, const Work* __restrict__ works, int count, unsigned short* __restrict__ output, int ldo, float* values,
    float* sums, int* counters, int heads, int kvHeads, int size, int window, const float* __restrict__ sinks, Shared<SIZE>* shared, const Rope* rope)
{
    let_next_begin();
    int warp = threadIdx.x >> 5, lane = threadIdx.x & 31, g = lane >> 2, t = lane & 3;
    int index = SHARED ? blockIdx.x : blockIdx.x * 4 + warp;
    if (index >= count)
        return;
    Work work = works[index];
    if (work.tokens == 0)
        return;
    int group = heads / kvHeads, parts = (group + 15) / 16;
    int kvHead = blockIdx.y / parts, part = blockIdx.y % parts;
    int firstHead = kvHead * group + part * 16, rowHeads = min(16, group - part * 16);
    int begin = work.begin + (SHARED ? 16 * warp : 0), stride = SHARED ? 16 * TOGETHER : 16;

    // Where what is looked at lies was written before the step; what other steps have stored may be on its way while this one's is stored.
    if (SHARED)
        for (int first = begin, i = 0; first < work.end && i < 4; first += stride, i++)
            fetch_block<SIZE>(blocks, tables[work.table + (first >> 4)] * blockBytes + layerOffset, kvHead, kvHeads, lane);
    wait_for_previous();
    if constexpr (ROPE)
        rope_work<SIZE>(*rope, work, shared->queries, blocks, blockBytes, layerOffset, heads, kvHeads, kvHead, firstHead, rowHeads, size);

    // Rows g and g + 8 are this lane's.
    int token[2], head[2];
    bool there[2];
    uint4 q[2][holds<SIZE>() ? SIZE / 32 : 1];
    const unsigned short* own[2];
#pragma unroll
    for (int r = 0; r < 2; r++)
    {
        int row = g + r * 8;
        token[r] = row / rowHeads;
        head[r] = firstHead + row % rowHeads;
        there[r] = token[r] < work.tokens;
        own[r] = (ROPE ? shared->queries[ROPE ? row : 0] : queries + ((long long)(work.token + token[r]) * heads + head[r]) * SIZE) + t * 8;
        if constexpr (holds<SIZE>())
#pragma unroll
            for (int k = 0; k < SIZE / 32; k++)
                q[r][k] = there[r] ? *(const uint4*)(own[r] + k * 32) : make_uint4(0, 0, 0, 0);
    }

    float o[SIZE / 8][4];
#pragma unroll
    for (int i = 0; i < SIZE / 8; i++)
        o[i][0] = o[i][1] = o[i][2] = o[i][3] = 0.0f;
    float largest[2] = {MASKED, MASKED}, sum[2] = {0.0f, 0.0f};

    // Keys are on their way while the values of the positions before are added up, and values while scores are computed.
    uint4 key[2][holds<SIZE>() ? SIZE / 32 : 1];
    if constexpr (holds<SIZE>())
        if (begin < work.end)
            load_keys<SIZE>(key, keys_of<SIZE>(blocks, tables[work.table + (begin >> 4)] * blockBytes + layerOffset, kvHead), g, t);
    for (int first = begin; first < work.end; first += stride)
    {
        if (SHARED && first + 4 * stride < work.end)
            fetch_block<SIZE>(blocks, tables[work.table + ((first + 4 * stride) >> 4)] * blockBytes + layerOffset, kvHead, kvHeads, lane);
        const unsigned short* valuesOf = keys_of<SIZE>(blocks, tables[work.table + (first >> 4)] * blockBytes + layerOffset, kvHeads + kvHead);
        uint4 v[holds<SIZE>() ? SIZE / 64 : 1][4];
        if constexpr (holds<SIZE>())
#pragma unroll
            for (int k = 0; k < SIZE / 64; k++)
                load_values<SIZE>(v[k], valuesOf + k * 64, g, t);
        float s[2][4];
#pragma unroll
        for (int n = 0; n < 2; n++)
            s[n][0] = s[n][1] = s[n][2] = s[n][3] = 0.0f;
        if constexpr (holds<SIZE>())
        {
#pragma unroll
            for (int n = 0; n < 2; n++)
#pragma unroll
                for (int k = 0; k < SIZE / 32; k++)
                    multiply_keys(s[n], q[0][k], q[1][k], key[n][k]);
        }
        else
        {
            const unsigned short* keys = keys_of<SIZE>(blocks, tables[work.table + (first >> 4)] * blockBytes + layerOffset, kvHead) + g * SIZE + t * 8;
#pragma unroll 2
            for (int k = 0; k < SIZE / 32; k++)
            {
                uint4 a = there[0] ? *(const uint4*)(own[0] + k * 32) : make_uint4(0, 0, 0, 0), b = there[1] ? *(const uint4*)(own[1] + k * 32) : make_uint4(0, 0, 0, 0);
                multiply_keys(s[0], a, b, *(const uint4*)(keys + k * 32));
                multiply_keys(s[1], a, b, *(const uint4*)(keys + 8 * SIZE + k * 32));
            }
        }

        if constexpr (holds<SIZE>())
            if (first + stride < work.end)
                load_keys<SIZE>(key, keys_of<SIZE>(blocks, tables[work.table + ((first + stride) >> 4)] * blockBytes + layerOffset, kvHead), g, t);

        unsigned p[2][2]; // (half of the positions, row)
#pragma unroll
        for (int r = 0; r < 2; r++)
        {
            int at = work.position + token[r], last = min(at, work.end - 1);
            float most = largest[r];
#pragma unroll
            for (int n = 0; n < 2; n++)
#pragma unroll
                for (int j = 0; j < 2; j++)
                {
                    float& score = s[n][r * 2 + j];
                    int position = first + n * 8 + t * 2 + j;
                    if (position > last || position <= at - window)
                        score = MASKED;
                    most = fmaxf(most, score);
                }

            most = fmaxf(most, __shfl_xor_sync(ALL_LANES, most, 1));
            most = fmaxf(most, __shfl_xor_sync(ALL_LANES, most, 2));
            weigh(o, s, p, largest, sum, most, r);
        }

#pragma unroll
        for (int k = 0; k < SIZE / 64; k++)
        {
            uint4(&w)[4] = v[holds<SIZE>() ? k : 0];
            if constexpr (!holds<SIZE>())
                load_values<SIZE>(w, valuesOf + k * 64, g, t);
            multiply_values(&o[k * 8], p, w);
        }
    }

#pragma unroll
    for (int r = 0; r < 2; r++)
    {
        sum[r] += __shfl_xor_sync(ALL_LANES, sum[r], 1);
        sum[r] += __shfl_xor_sync(ALL_LANES, sum[r], 2);
    }

    // Columns 16 t to 16 t + 15 of each 64 are this lane's.
    if constexpr (!SHARED)
    {
#pragma unroll
        for (int r = 0; r < 2; r++)
        {
            if (!there[r])
                continue;
            float sink = sink_of(sinks, head[r]), most = fmaxf(largest[r], sink), shrink = exp2f(largest[r] - most);
            float factor = shrink / (sum[r] * shrink + sink_weight(sink, most));
#pragma unroll
            for (int k = 0; k < SIZE / 32; k++)
            {
                int column = k / 2 * 64 + t * 16 + k % 2 * 8;
                float result[8];
#pragma unroll
                for (int j = 0; j < 8; j++)
                    result[j] = o[k / 2 * 8 + j][r * 2 + k % 2] * factor;
                if (column < size)
                    *(uint4*)(output + (long long)(work.token + token[r]) * ldo + head[r] * size + column) = make_uint4(
                        pack_half2(result[0], result[1]), pack_half2(result[2], result[3]), pack_half2(result[4], result[5]), pack_half2(result[6], result[7]));
            }
        }
    }
    else
    {
        constexpr int COLUMNS = SIZE < 128 ? SIZE : 128;
#pragma unroll
        for (int part = 0; part < SIZE / COLUMNS; part++)
        {
            if (part > 0)
                __syncthreads();
#pragma unroll
            for (int r = 0; r < 2; r++)
            {
                if (!there[r])
                    continue;
                if (part == 0 && t == 0)
                {
                    shared->largest[warp][g + r * 8] = largest[r];
                    shared->sums[warp][g + r * 8] = sum[r];
                }

#pragma unroll
                for (int k = 0; k < COLUMNS / 32; k++)
                {
                    int column = k / 2 * 64 + t * 16 + k % 2 * 8, of = part * COLUMNS / 8 + k / 2 * 8, side = r * 2 + k % 2;
#pragma unroll
                    for (int j = 0; j < 8; j += 4)
                        *(uint4*)&shared->values[warp][g + r * 8][column + j] = make_uint4(
                            __float_as_uint(o[of + j][side]), __float_as_uint(o[of + j + 1][side]), __float_as_uint(o[of + j + 2][side]), __float_as_uint(o[of + j + 3][side]));
                }
            }

            join_warps<SIZE>(work, shared, output, ldo, values, sums, heads, size, firstHead, rowHeads, sinks, part * COLUMNS);
        }

        if (work.parts > 1)
            join_parts<SIZE>(work, &shared->last, counters + work.slot * gridDim.y + blockIdx.y, output, ldo, values, sums, heads, size, firstHead, rowHeads, sinks);
    }
}

#define ATTEND(name, SIZE)                                                                                                                          \
    extern "C" __global__ void __launch_bounds__(128, 2) name(                                                                                      \
        const unsigned short* __restrict__ queries, unsigned char* __restrict__ blocks, long long blockBytes, long long layerOffset,                \
        const int* __restrict__ tables, const Work* __restrict__ works, int count, unsigned short* __restrict__ output, int ldo, int heads,         \
        int kvHeads, int size, int window, const float* __restrict__ sinks)                                                                         \
    {                                                                                                                                               \
        attend<SIZE, false, false>(                                                                                                                 \
            queries, blocks, blockBytes, layerOffset, tables, works, count, output, ldo, 0, 0, 0, heads, kvHeads, size, window, sinks, 0, 0);       \
    }                                                                                                                                               \
    EXPORT_KERNEL(name)

ATTEND(attend_64, 64)
ATTEND(attend_128, 128)
ATTEND(attend_256, 256)

#define ATTEND_PARTS(name, SIZE)                                                                                                                    \
    extern "C" __global__ void __launch_bounds__(128, 2) name(                                                                                      \
        const unsigned short* __restrict__ queries, unsigned char* __restrict__ blocks, long long blockBytes, long long layerOffset,                \
        const int* __restrict__ tables, const Work* __restrict__ works, int count, unsigned short* __restrict__ output, int ldo, float* values,     \
        float* sums, int* counters, int heads, int kvHeads, int size, int window, const float* __restrict__ sinks)                                  \
    {                                                                                                                                               \
        __shared__ Shared<SIZE> shared;                                                                                                             \
        attend<SIZE, true, false>(                                                                                                                  \
            queries, blocks, blockBytes, layerOffset, tables, works, count, output, ldo, values, sums, counters, heads, kvHeads, size, window,      \
            sinks, &shared, 0);                                                                                                                     \
    }                                                                                                                                               \
    EXPORT_KERNEL(name)

ATTEND_PARTS(attend_parts_64, 64)
ATTEND_PARTS(attend_parts_128, 128)
ATTEND_PARTS(attend_parts_256, 256)

// rope_store and attend_parts at once, for works of one token each.
#define ATTEND_DECODE(name, SIZE)                                                                                                                   \
    extern "C" __global__ void __launch_bounds__(128, 2) name(                                                                                      \
        const float* __restrict__ qkv, int ld, const float* __restrict__ bias, const float* __restrict__ queryNorm,                                 \
        const float* __restrict__ keyNorm, const float2* __restrict__ turns, const int* __restrict__ cells, unsigned char* blocks,                  \
        long long blockBytes, long long layerOffset, const int* __restrict__ tables, const Work* __restrict__ works, int count,                     \
        unsigned short* __restrict__ output, int ldo, float* values, float* sums, int* counters, int heads, int kvHeads, int size,                  \
        int turning, int interleaved, float epsilon, float scale, const float* __restrict__ temperatures, int window,                               \
        const float* __restrict__ sinks)                                                                                                            \
    {                                                                                                                                               \
        __shared__ Shared<SIZE> shared;                                                                                                             \
        Rope rope = {qkv, ld, bias, queryNorm, keyNorm, turns, cells, turning, interleaved, epsilon, scale, temperatures};                          \
        attend<SIZE, true, true>(                                                                                                                   \
            0, blocks, blockBytes, layerOffset, tables, works, count, output, ldo, values, sums, counters, heads, kvHeads, size, window, sinks,     \
            &shared, &rope);                                                                                                                        \
    }                                                                                                                                               \
    EXPORT_KERNEL(name)

ATTEND_DECODE(attend_decode_64, 64)
ATTEND_DECODE(attend_decode_128, 128)
ATTEND_DECODE(attend_decode_256, 256)
