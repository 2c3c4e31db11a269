// What stands between the matrix products of latent attention: https://arxiv.org/abs/2405.04434, in its absorbed form. A position's row in the cache is what attention_wide.cu
// takes: c, zeros up to LATENT values, the part that turns, zeros up to LATENT_ROW. Pair i is head i % heads of token i / heads.
#include "rope.cuh"

#define LATENT 512
#define LATENT_TURNING 64
#define LATENT_ROW (LATENT + LATENT_TURNING)

// 1 / rms of a row, for all threads of a block.
DEVICE float inverse_rms(const float* x, int columns, float epsilon, float* shared)
{
    float squares = 0;
    for (int i = threadIdx.x; i < columns; i += blockDim.x)
        squares += x[i] * x[i];
    return 1.0f / sqrtf(block_sum(squares, shared) / (float)columns + epsilon);
}

// Of each token's row of projected (tokens, ld): the first queryRank values, normalised times queryGain, as halves to down (tokens, ldDown), zeros from queryRank on,
// where queryRank is not 0; and the last rank + turning values, c normalised times latentGain and the part that turns, to the token's row of its cell. turns (tokens,
// turning / 2). Grid: (tokens); a block of whole warps.
extern "C" __global__ void latent_rows(
    const float* __restrict__ projected, int ld, int queryRank, const float* __restrict__ queryGain, unsigned short* __restrict__ down, int ldDown, int rank,
    const float* __restrict__ latentGain, const float2* __restrict__ turns, int turning, int interleaved, const int* __restrict__ cells, unsigned char* __restrict__ blocks,
    long long blockBytes, long long layerOffset, float epsilon)
{
    take_turn();
    __shared__ float shared[32];
    int token = blockIdx.x;
    const float* row = projected + (long long)token * ld;
    if (queryRank > 0)
    {
        float scale = inverse_rms(row, queryRank, epsilon, shared);
        for (int i = threadIdx.x; i < ldDown; i += blockDim.x)
            down[(long long)token * ldDown + i] = i < queryRank ? float_to_half(clamp_half(row[i] * scale * queryGain[i])) : 0;
    }

    const float* c = row + ld - rank - turning;
    unsigned short* cell = cell_of(blocks, blockBytes, layerOffset, cells[token], 0, 0, 1, LATENT_ROW);
    float scale = inverse_rms(c, rank, epsilon, shared);
    for (int i = threadIdx.x; i < LATENT; i += blockDim.x)
        cell[i] = i < rank ? float_to_half(clamp_half(c[i] * scale * latentGain[i])) : 0;
    if (threadIdx.x < 32)
        rope_head(
            c + rank, 0, 0, turns + (long long)token * (turning / 2), cell + LATENT, turning, LATENT_TURNING, turning, interleaved, epsilon, 1.0f, threadIdx.x);
}
EXPORT_KERNEL(latent_rows)

// y (rows, ldy) halves = rows of columns of x, zeros from columns to ldy: row i is part i % each, each of size values, of x's row i / each (, ld). Grid: (rows,
// blocks of columns).
extern "C" __global__ void halve_parts(const float* __restrict__ x, int ld, int each, int size, unsigned short* __restrict__ y, int columns, int ldy)
{
    take_turn();
    int i = blockIdx.y * blockDim.x + threadIdx.x, row = blockIdx.x;
    if (i < ldy)
        y[(long long)row * ldy + i] = i < columns ? float_to_half(clamp_half(x[(long long)(row / each) * ld + row % each * size + i])) : 0;
}
EXPORT_KERNEL(halve_parts)

// queries (pairs, LATENT_ROW) halves: what a head's plain part looks for in c, products (pairs, rank), and its part that turns, behind the plain values of each head of
// x (tokens, ld); both times scale. Grid: (tokens, warps for all heads).
extern "C" __global__ void latent_queries(
    const float* __restrict__ products, const float* __restrict__ x, int ld, const float2* __restrict__ turns, unsigned short* __restrict__ queries, int heads, int rank,
    int plain, int turning, int interleaved, float scale)
{
    take_turn();
    int head = blockIdx.y * (blockDim.x >> 5) + (threadIdx.x >> 5), lane = threadIdx.x & 31, token = blockIdx.x;
    if (head >= heads)
        return;
    long long pair = (long long)token * heads + head;
    unsigned short* query = queries + pair * LATENT_ROW;
    for (int i = lane; i < LATENT; i += 32)
        query[i] = i < rank ? float_to_half(clamp_half(products[pair * rank + i] * scale)) : 0;
    rope_head(
        x + (long long)token * ld + head * (plain + turning) + plain, 0, 0, turns + (long long)token * (turning / 2), query + LATENT, turning, LATENT_TURNING, turning,
        interleaved, 0.0f, scale, lane);
}
EXPORT_KERNEL(latent_queries)

// Pairs in the order of heads, as sort_pairs (mixture.cu) has those of experts: order (pairs), works (heads, worksOfHead): (head, first of order, how many, 0) of at
// most rows tokens each. Grid: threads for all pairs.
extern "C" __global__ void order_heads(int* __restrict__ order, uint4* __restrict__ works, int tokens, int heads, int rows)
{
    take_turn();
    int i = blockIdx.x * blockDim.x + threadIdx.x, worksOfHead = (tokens + rows - 1) / rows;
    if (i >= tokens * heads)
        return;
    order[i] = i % tokens * heads + i / tokens;
    if (i < heads * worksOfHead)
    {
        int head = i / worksOfHead, first = i % worksOfHead * rows;
        works[i] = make_uint4(head, head * tokens + first, min(rows, tokens - first), 0);
    }
}
EXPORT_KERNEL(order_heads)
