// Causal attention over paged keys and values, for decode and prefill alike. A warp takes up to 16 query rows that share a key head: the heads of its group, of
// one token or of several neighbours; and a range of positions, 16 at a time, which are one block of the cache. Keys and values go straight from device memory
// to the registers that tensor cores read: in a sum over a head the order of columns does not matter, and a value's columns may lie in any lane, so that every
// load is of 16 bytes.
#include "numbers.cuh"

#define MASKED -1e30f

// One warp's part of a step.
struct Work
{
    int token;    // first of its tokens in the step
    int tokens;   // neighbours, at most 16 / heads of a group
    int position; // of the first token
    int table;    // where the sequence's block table begins
    int begin;    // first position to look at, a multiple of 16
    int end;      // one past the last
    int partial;  // row of the partial results, or -1 where this is all that the tokens look at
    int unused;
};

// queries (token, head, SIZE) halves, times scale and log2 e. output (token, ldo) halves: (head, size). partials: values (row, head, SIZE), sums (row, head, 2):
// largest score and sum. Grid: (blocks of 4 works, key heads * head groups): a group of more than 16 heads is taken 16 at a time. Block: 128.
template <int SIZE>
DEVICE void attend(
    const unsigned short* __restrict__ queries, const unsigned char* __restrict__ blocks, long long blockBytes, long long layerOffset,
    const int* __restrict__ tables, const Work* __restrict__ works, int count, unsigned short* __restrict__ output, int ldo, float* __restrict__ values,
    float* __restrict__ sums, int heads, int kvHeads, int size)
{
    take_turn();
    int index = blockIdx.x * 4 + (threadIdx.x >> 5), lane = threadIdx.x & 31, g = lane >> 2, t = lane & 3;
    if (index >= count)
        return;
    Work work = works[index];
    int group = heads / kvHeads, parts = (group + 15) / 16;
    int kvHead = blockIdx.y / parts, part = blockIdx.y % parts;
    int firstHead = kvHead * group + part * 16, rowHeads = min(16, group - part * 16);

    // Rows g and g + 8 are this lane's.
    int token[2], head[2];
    bool there[2];
    uint4 q[2][SIZE / 32];
#pragma unroll
    for (int r = 0; r < 2; r++)
    {
        int row = g + r * 8;
        token[r] = row / rowHeads;
        head[r] = firstHead + row % rowHeads;
        there[r] = token[r] < work.tokens;
#pragma unroll
        for (int k = 0; k < SIZE / 32; k++)
            q[r][k] = there[r]
                ? *(const uint4*)(queries + ((long long)(work.token + token[r]) * heads + head[r]) * SIZE + k * 32 + t * 8)
                : make_uint4(0, 0, 0, 0);
    }

    float o[SIZE / 8][4];
#pragma unroll
    for (int i = 0; i < SIZE / 8; i++)
        o[i][0] = o[i][1] = o[i][2] = o[i][3] = 0.0f;
    float largest[2] = {MASKED, MASKED}, sum[2] = {0.0f, 0.0f};

    for (int first = work.begin; first < work.end; first += 16)
    {
        const unsigned short* keys =
            (const unsigned short*)(blocks + tables[work.table + (first >> 4)] * blockBytes + layerOffset) + (long long)kvHead * 16 * SIZE;
        const unsigned short* valuesOf = keys + (long long)kvHeads * 16 * SIZE;

        // Values are on their way while scores are computed.
        uint4 v[SIZE / 64][4];
#pragma unroll
        for (int k = 0; k < SIZE / 64; k++)
#pragma unroll
            for (int i = 0; i < 4; i++)
                v[k][i] = *(const uint4*)(valuesOf + k * 64 + g * 8 + (2 * t + i % 2 + i / 2 * 8) * SIZE);
        float s[2][4];
#pragma unroll
        for (int n = 0; n < 2; n++)
        {
            s[n][0] = s[n][1] = s[n][2] = s[n][3] = 0.0f;
            const unsigned short* key = keys + (n * 8 + g) * SIZE + t * 8;
#pragma unroll
            for (int k = 0; k < SIZE / 32; k++)
            {
                uint4 b = *(const uint4*)(key + k * 32);
                mma_16816(s[n], q[0][k].x, q[1][k].x, q[0][k].y, q[1][k].y, b.x, b.y);
                mma_16816(s[n], q[0][k].z, q[1][k].z, q[0][k].w, q[1][k].w, b.z, b.w);
            }
        }

        unsigned p[2][2]; // (half of the positions, row)
#pragma unroll
        for (int r = 0; r < 2; r++)
        {
            int last = min(work.position + token[r], work.end - 1);
            float most = largest[r];
#pragma unroll
            for (int n = 0; n < 2; n++)
#pragma unroll
                for (int j = 0; j < 2; j++)
                {
                    float& score = s[n][r * 2 + j];
                    if (first + n * 8 + t * 2 + j > last)
                        score = MASKED;
                    most = fmaxf(most, score);
                }

            most = fmaxf(most, __shfl_xor_sync(ALL_LANES, most, 1));
            most = fmaxf(most, __shfl_xor_sync(ALL_LANES, most, 2));
            float shrink = exp2f(largest[r] - most);
            largest[r] = most;
            sum[r] *= shrink;
#pragma unroll
            for (int i = 0; i < SIZE / 8; i++)
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

#pragma unroll
        for (int k = 0; k < SIZE / 64; k++)
        {
            unsigned a[4] = {v[k][0].x, v[k][0].y, v[k][0].z, v[k][0].w}, b[4] = {v[k][1].x, v[k][1].y, v[k][1].z, v[k][1].w};
            unsigned c[4] = {v[k][2].x, v[k][2].y, v[k][2].z, v[k][2].w}, d[4] = {v[k][3].x, v[k][3].y, v[k][3].z, v[k][3].w};
#pragma unroll
            for (int j = 0; j < 8; j++)
            {
                unsigned pick = j % 2 == 0 ? 0x5410 : 0x7632;
                mma_16816(
                    o[k * 8 + j], p[0][0], p[0][1], p[1][0], p[1][1], __byte_perm(a[j / 2], b[j / 2], pick), __byte_perm(c[j / 2], d[j / 2], pick));
            }
        }
    }

#pragma unroll
    for (int r = 0; r < 2; r++)
    {
        sum[r] += __shfl_xor_sync(ALL_LANES, sum[r], 1);
        sum[r] += __shfl_xor_sync(ALL_LANES, sum[r], 2);
        if (!there[r])
            continue;
        long long row = work.partial < 0 ? 0 : ((long long)work.partial + token[r]) * heads + head[r];
        float factor = work.partial < 0 ? 1.0f / sum[r] : 1.0f;
        if (work.partial >= 0 && t == 0)
        {
            sums[row * 2] = largest[r];
            sums[row * 2 + 1] = sum[r];
        }

        // Columns 16 t to 16 t + 15 of each 64 are this lane's.
#pragma unroll
        for (int k = 0; k < SIZE / 64; k++)
#pragma unroll
            for (int side = 0; side < 2; side++)
            {
                int column = k * 64 + t * 16 + side * 8;
                float result[8];
#pragma unroll
                for (int j = 0; j < 8; j++)
                    result[j] = o[k * 8 + j][r * 2 + side] * factor;
                if (work.partial >= 0)
                {
#pragma unroll
                    for (int j = 0; j < 8; j++)
                        values[row * SIZE + column + j] = result[j];
                }
                else if (column < size)
                {
                    *(uint4*)(output + (long long)(work.token + token[r]) * ldo + head[r] * size + column) = make_uint4(
                        pack_half2(result[0], result[1]), pack_half2(result[2], result[3]), pack_half2(result[4], result[5]), pack_half2(result[6], result[7]));
                }
            }
    }
}

#define ATTEND(name, SIZE)                                                                                                                          \
    extern "C" __global__ void __launch_bounds__(128, 2) name(                                                                                         \
        const unsigned short* __restrict__ queries, const unsigned char* __restrict__ blocks, long long blockBytes, long long layerOffset,          \
        const int* __restrict__ tables, const Work* __restrict__ works, int count, unsigned short* __restrict__ output, int ldo,                    \
        float* __restrict__ values, float* __restrict__ sums, int heads, int kvHeads, int size)                                                     \
    {                                                                                                                                               \
        attend<SIZE>(queries, blocks, blockBytes, layerOffset, tables, works, count, output, ldo, values, sums, heads, kvHeads, size);              \
    }                                                                                                                                               \
    EXPORT_KERNEL(name)

ATTEND(attend_64, 64)
ATTEND(attend_128, 128)

// A token whose positions several warps have shared.
struct Join
{
    int token;
    int partial; // its first row of partial results
    int count;
    int stride; // rows from one of its parts to the next
};

// At most 32 parts. Grid: (joins, heads); a block of whole warps.
extern "C" __global__ void join_parts(
    const Join* __restrict__ joins, const float* __restrict__ values, const float* __restrict__ sums, unsigned short* __restrict__ output, int ldo, int heads,
    int padded, int size)
{
    take_turn();
    __shared__ float weights[32];
    Join join = joins[blockIdx.x];
    int head = blockIdx.y;
    long long first = (long long)join.partial * heads + head, next = (long long)join.stride * heads;
    if (threadIdx.x < 32)
    {
        int part = threadIdx.x;
        float largest = MASKED, sum = 0.0f;
        if (part < join.count)
        {
            largest = sums[(first + part * next) * 2];
            sum = sums[(first + part * next) * 2 + 1];
        }

        float most = largest;
        for (int offset = 16; offset > 0; offset >>= 1)
            most = fmaxf(most, __shfl_xor_sync(ALL_LANES, most, offset));
        float weight = exp2f(largest - most);
        weights[part] = weight / warp_sum(sum * weight);
    }

    __syncthreads();
    for (int column = threadIdx.x; column < size; column += blockDim.x)
    {
        const float* from = values + first * padded + column;
        float v = 0;
#pragma unroll 8
        for (int i = 0; i < join.count; i++)
            v += from[i * next * padded] * weights[i];
        output[(long long)join.token * ldo + head * size + column] = float_to_half(v);
    }
}
EXPORT_KERNEL(join_parts)
