// Causal attention over paged keys and values of heads that are too wide for one warp's registers. A block takes up to 16 query rows that share a key head, as a block
// of attention.cu with SHARED does, and 64 positions at a time, which are four blocks of the cache. Each warp multiplies the keys of one of these; the weights of all 64
// positions go through shared memory; then each warp adds up its quarter of the values' columns. So a block reads each key and each value once, and its warps join
// nothing but their sums of weights.
#include "attention.cuh"

#define TILE (16 * TOGETHER)

// How a position lies in a block of the cache. Heads: a row of keys of a key head, and one of values behind those of all key heads.
struct WideHeads
{
    static constexpr int KEY = 512, VALUE = 512;
    static constexpr bool APART = true;
};

// Latents: one row for all heads, of which the first columns are the value and all are the key.
struct WideLatents
{
    static constexpr int KEY = 576, VALUE = 512;
    static constexpr bool APART = false;
};

template <class FORM>
struct WideShared
{
    __align__(16) unsigned short queries[MOST_ROWS][FORM::KEY + 32]; // rows that neighbour in a load lie in different banks
    uint4 weights[TOGETHER][32]; // of a warp's positions, as each lane of a product takes them
    float largest[TOGETHER][MOST_ROWS];
    float sums[TOGETHER][MOST_ROWS];
    int last;
};

// Has the second-level cache fetch what a block of the cache has of a key head.
template <class FORM>
DEVICE void fetch_form(const unsigned char* blocks, long long offset, int kvHead, int kvHeads, int lane)
{
    if constexpr (FORM::APART)
        fetch_block<FORM::KEY>(blocks, offset, kvHead, kvHeads, lane);
    else
        fetch_rows<FORM::KEY>(keys_of<FORM::KEY>(blocks, offset, kvHead), lane);
}

// Arguments as those of attend; output is of size columns a head, which may be more than values have, but not more than VALUE. queries (token, head, KEY). Grid: (works,
// key heads * head groups). Block: 128.
template <class FORM>
DEVICE void attend_wide(
    const unsigned short* __restrict__ queries, const unsigned char* __restrict__ blocks, long long blockBytes, long long layerOffset, const int* __restrict__ tables,
    const Work* __restrict__ works, int count, unsigned short* __restrict__ output, int ldo, float* values, float* sums, int* counters, int heads, int kvHeads, int size,
    int window, const float* __restrict__ sinks, WideShared<FORM>* shared)
{
    constexpr int KEY = FORM::KEY, VALUE = FORM::VALUE, COLUMNS = VALUE / TOGETHER;
    let_next_begin();
    int warp = threadIdx.x >> 5, lane = threadIdx.x & 31, g = lane >> 2, t = lane & 3;
    if ((int)blockIdx.x >= count)
        return;
    Work work = works[blockIdx.x];
    if (work.tokens == 0)
        return;
    int group = heads / kvHeads, parts = (group + 15) / 16;
    int kvHead = blockIdx.y / parts, part = blockIdx.y % parts;
    int firstHead = kvHead * group + part * 16, rowHeads = min(16, group - part * 16);
    const int* table = tables + work.table;

    // What other steps have stored may be on its way while this one's is stored.
    int own = work.begin + warp * 16;
    if (own < work.end)
        fetch_form<FORM>(blocks, table[own >> 4] * blockBytes + layerOffset, kvHead, kvHeads, lane);
    wait_for_previous();
    for (int i = threadIdx.x; i < MOST_ROWS * (KEY / 8); i += 128)
    {
        int row = i / (KEY / 8), column = i % (KEY / 8) * 8, token = row / rowHeads;
        *(uint4*)&shared->queries[row][column] =
            token < work.tokens ? *(const uint4*)(queries + ((long long)(work.token + token) * heads + firstHead + row % rowHeads) * KEY + column) : make_uint4(0, 0, 0, 0);
    }

    __syncthreads();
    float o[COLUMNS / 8][4];
#pragma unroll
    for (int i = 0; i < COLUMNS / 8; i++)
        o[i][0] = o[i][1] = o[i][2] = o[i][3] = 0.0f;

    // Rows g and g + 8 are this lane's; sums are of this warp's positions.
    float largest[2] = {MASKED, MASKED}, sum[2] = {0.0f, 0.0f};
    for (int first = work.begin; first < work.end; first += TILE, own += TILE)
    {
        float s[2][4];
#pragma unroll
        for (int n = 0; n < 2; n++)
            s[n][0] = s[n][1] = s[n][2] = s[n][3] = 0.0f;
        if (own + TILE < work.end)
            fetch_form<FORM>(blocks, table[(own + TILE) >> 4] * blockBytes + layerOffset, kvHead, kvHeads, lane);
        if (own < work.end)
        {
            const unsigned short* keys = keys_of<KEY>(blocks, table[own >> 4] * blockBytes + layerOffset, kvHead) + g * KEY + t * 8;
#pragma unroll(KEY / 32 % 4 == 0 ? 4 : 3)
            for (int k = 0; k < KEY / 32; k++)
            {
                uint4 a = *(const uint4*)&shared->queries[g][t * 8 + k * 32], b = *(const uint4*)&shared->queries[g + 8][t * 8 + k * 32];
                multiply_keys(s[0], a, b, *(const uint4*)(keys + k * 32));
                multiply_keys(s[1], a, b, *(const uint4*)(keys + 8 * KEY + k * 32));
            }
        }

#pragma unroll
        for (int r = 0; r < 2; r++)
        {
            int at = work.position + (g + r * 8) / rowHeads, last = min(at, work.end - 1);
            float most = MASKED;
#pragma unroll
            for (int n = 0; n < 2; n++)
#pragma unroll
                for (int j = 0; j < 2; j++)
                {
                    float& score = s[n][r * 2 + j];
                    int position = own + n * 8 + t * 2 + j;
                    if (position > last || position <= at - window)
                        score = MASKED;
                    most = fmaxf(most, score);
                }

            most = fmaxf(most, __shfl_xor_sync(ALL_LANES, most, 1));
            most = fmaxf(most, __shfl_xor_sync(ALL_LANES, most, 2));
            if (t == 0)
                shared->largest[warp][g + r * 8] = most;
        }

        __syncthreads();
        unsigned p[2][2]; // (half of the positions, row)
#pragma unroll
        for (int r = 0; r < 2; r++)
        {
            float most = largest[r];
#pragma unroll
            for (int w = 0; w < TOGETHER; w++)
                most = fmaxf(most, shared->largest[w][g + r * 8]);
            weigh(o, s, p, largest, sum, most, r);
        }

        shared->weights[warp][lane] = make_uint4(p[0][0], p[0][1], p[1][0], p[1][1]);
        __syncthreads();
        for (int w = 0; w < TOGETHER && first + w * 16 < work.end; w++)
        {
            uint4 weights = shared->weights[w][lane], v[COLUMNS / 64][4];
            unsigned of[2][2] = {{weights.x, weights.y}, {weights.z, weights.w}};
            const unsigned short* from =
                keys_of<KEY>(blocks, table[(first >> 4) + w] * blockBytes + layerOffset, FORM::APART ? kvHeads + kvHead : kvHead) + warp * COLUMNS;
#pragma unroll
            for (int k = 0; k < COLUMNS / 64; k++)
                load_values<KEY>(v[k], from + k * 64, g, t);
#pragma unroll
            for (int k = 0; k < COLUMNS / 64; k++)
                multiply_values(&o[k * 8], of, v[k]);
        }
    }

#pragma unroll
    for (int r = 0; r < 2; r++)
    {
        sum[r] += __shfl_xor_sync(ALL_LANES, sum[r], 1);
        sum[r] += __shfl_xor_sync(ALL_LANES, sum[r], 2);
        if (t == 0)
            shared->sums[warp][g + r * 8] = sum[r];
    }

    __syncthreads();
#pragma unroll
    for (int r = 0; r < 2; r++)
    {
        int row = g + r * 8, token = row / rowHeads, head = firstHead + row % rowHeads;
        if (token >= work.tokens)
            continue;
        float all = 0.0f;
#pragma unroll
        for (int w = 0; w < TOGETHER; w++)
            all += shared->sums[w][row];
        float sink = work.parts > 1 ? MASKED : sink_of(sinks, head), most = fmaxf(largest[r], sink), shrink = exp2f(largest[r] - most);
        float factor = work.parts > 1 ? 1.0f : shrink / (all * shrink + sink_weight(sink, most));
        long long at = (long long)(work.partial + token) * heads + head;

        // Columns 16 t to 16 t + 15 of each 64 are this lane's.
#pragma unroll
        for (int k = 0; k < COLUMNS / 32; k++)
        {
            int column = warp * COLUMNS + k / 2 * 64 + t * 16 + k % 2 * 8;
            float result[8];
#pragma unroll
            for (int j = 0; j < 8; j++)
                result[j] = o[k / 2 * 8 + j][r * 2 + k % 2] * factor;
            if (work.parts > 1)
            {
#pragma unroll
                for (int j = 0; j < 8; j += 4)
                    *(uint4*)(values + at * VALUE + column + j) =
                        make_uint4(__float_as_uint(result[j]), __float_as_uint(result[j + 1]), __float_as_uint(result[j + 2]), __float_as_uint(result[j + 3]));
            }
            else if (column < size)
                *(uint4*)(output + (long long)(work.token + token) * ldo + head * size + column) = make_uint4(
                    pack_half2(result[0], result[1]), pack_half2(result[2], result[3]), pack_half2(result[4], result[5]), pack_half2(result[6], result[7]));
        }

        if (work.parts > 1 && warp == 0 && t == 0)
        {
            sums[at * 2] = largest[r];
            sums[at * 2 + 1] = all;
        }
    }

    if (work.parts > 1)
        join_parts<VALUE>(
            work, &shared->last, counters + work.slot * gridDim.y + blockIdx.y, output, ldo, values, sums, heads, size, firstHead, rowHeads, sinks);
}

#define WIDE_ATTEND(name, FORM)                                                                                                                     \
    extern "C" __global__ void __launch_bounds__(128, 3) name(                                                                                      \
        const unsigned short* __restrict__ queries, const unsigned char* __restrict__ blocks, long long blockBytes, long long layerOffset,          \
        const int* __restrict__ tables, const Work* __restrict__ works, int count, unsigned short* __restrict__ output, int ldo, int heads,         \
        int kvHeads, int size, int window, const float* __restrict__ sinks)                                                                         \
    {                                                                                                                                               \
        __shared__ WideShared<FORM> shared;                                                                                                         \
        attend_wide<FORM>(                                                                                                                          \
            queries, blocks, blockBytes, layerOffset, tables, works, count, output, ldo, 0, 0, 0, heads, kvHeads, size, window, sinks, &shared);    \
    }                                                                                                                                               \
    EXPORT_KERNEL(name)

WIDE_ATTEND(wide_attend_512, WideHeads)
WIDE_ATTEND(wide_attend_latent, WideLatents)

#define WIDE_ATTEND_PARTS(name, FORM)                                                                                                               \
    extern "C" __global__ void __launch_bounds__(128, 3) name(                                                                                      \
        const unsigned short* __restrict__ queries, const unsigned char* __restrict__ blocks, long long blockBytes, long long layerOffset,          \
        const int* __restrict__ tables, const Work* __restrict__ works, int count, unsigned short* __restrict__ output, int ldo, float* values,     \
        float* sums, int* counters, int heads, int kvHeads, int size, int window, const float* __restrict__ sinks)                                  \
    {                                                                                                                                               \
        __shared__ WideShared<FORM> shared;                                                                                                         \
        attend_wide<FORM>(                                                                                                                          \
            queries, blocks, blockBytes, layerOffset, tables, works, count, output, ldo, values, sums, counters, heads, kvHeads, size, window,      \
            sinks, &shared);                                                                                                                        \
    }                                                                                                                                               \
    EXPORT_KERNEL(name)

WIDE_ATTEND_PARTS(wide_attend_parts_512, WideHeads)
WIDE_ATTEND_PARTS(wide_attend_parts_latent, WideLatents)
