// Mixtures of experts: the choice of each token's experts, pairs of a token and an expert in the order of experts, and the sum of what a token's experts gave.
// Pair i is choice i % used of token i / used.
#include "numbers.cuh"

// As ExpertGating says.
#define GATING_SOFTMAX 0
#define GATING_SIGMOID 1

// Experts at most: a lane of a warp looks after 32 of them, a bit each.
#define MOST_EXPERTS 1024

#define NONE 0x7fffffff

// The sum of a token's weights that it is divided by, at least: those of sigmoids may all be almost 0.
#define LEAST_SUM 6.103515625e-5f

DEVICE float warp_max(float v)
{
    for (int offset = 16; offset > 0; offset >>= 1)
        v = fmaxf(v, __shfl_xor_sync(ALL_LANES, v, offset));
    return v;
}

// chosen and weights (tokens, used): the experts of greatest score, the lower number first where scores are equal, in that order, and what their outputs are multiplied
// by. logits (tokens, experts); logitBias and choiceBias (experts) are added to logits and, for the choice alone, to scores; outputScale (experts) is multiplied with
// weights; each may be null. Scores are a softmax or sigmoids of logits; with any other gating, and with a softmax that is normalised, logits choose and weights are
// the softmax of those chosen. Whatever logits are, a token's experts are different ones. Grid: (warps for all tokens).
extern "C" __global__ void choose_experts(
    const float* __restrict__ logits, const float* __restrict__ logitBias, const float* __restrict__ choiceBias, const float* __restrict__ outputScale,
    int* __restrict__ chosen, float* __restrict__ weights, int tokens, int experts, int used, int gating, int normalises, float scale)
{
    take_turn();
    int token = blockIdx.x * (blockDim.x >> 5) + (threadIdx.x >> 5), lane = threadIdx.x & 31;
    if (token >= tokens)
        return;
    const float* row = logits + (long long)token * experts;
    bool late = gating != GATING_SIGMOID && (gating != GATING_SOFTMAX || (normalises && !choiceBias));
    float most = 0, all = 1;
    if (gating == GATING_SOFTMAX && !late)
    {
        most = row[0] + (logitBias ? logitBias[0] : 0.0f);
        for (int e = lane; e < experts; e += 32)
            most = fmaxf(most, row[e] + (logitBias ? logitBias[e] : 0.0f));
        most = warp_max(most);
        all = 0;
        for (int e = lane; e < experts; e += 32)
            all += expf(row[e] + (logitBias ? logitBias[e] : 0.0f) - most);
        all = warp_sum(all);
    }

    unsigned taken = 0;
    float first = 0, sum = 0;
    for (int k = 0; k < used; k++)
    {
        float value = 0, score = 0;
        int index = NONE;
        for (int e = lane, i = 0; e < experts; e += 32, i++)
        {
            if (taken >> i & 1)
                continue;
            float l = row[e] + (logitBias ? logitBias[e] : 0.0f);
            float s = late ? l : gating == GATING_SIGMOID ? 1.0f / (1.0f + expf(-l)) : expf(l - most) / all;
            float v = choiceBias ? s + choiceBias[e] : s;
            if (index == NONE || v > value)
            {
                value = v;
                score = s;
                index = e;
            }
        }

        for (int offset = 16; offset > 0; offset >>= 1)
        {
            float v = __shfl_xor_sync(ALL_LANES, value, offset), s = __shfl_xor_sync(ALL_LANES, score, offset);
            int e = __shfl_xor_sync(ALL_LANES, index, offset);
            if (e != NONE && (index == NONE || v > value || (v == value && e < index)))
            {
                value = v;
                score = s;
                index = e;
            }
        }

        // Lanes may differ in what no number is greater than.
        index = __shfl_sync(ALL_LANES, index, 0);
        score = __shfl_sync(ALL_LANES, score, 0);
        if ((index & 31) == lane)
            taken |= 1u << (index >> 5);
        if (k == 0)
            first = score;
        float weight = late ? expf(score - first) : score;
        sum += weight;
        if ((k & 31) == lane)
        {
            chosen[(long long)token * used + k] = index;
            weights[(long long)token * used + k] = weight;
        }
    }

    float by = late ? sum : normalises ? fmaxf(sum, LEAST_SUM) : 1.0f;
    for (int k = lane; k < used; k += 32)
    {
        long long at = (long long)token * used + k;
        weights[at] = weights[at] / by * scale * (outputScale ? outputScale[chosen[at]] : 1.0f);
    }
}
EXPORT_KERNEL(choose_experts)

// Sum over a block of whole warps; every thread gets it. Shared memory: 32 ints.
DEVICE int block_total(int v, int* shared)
{
    int warp = threadIdx.x >> 5, lane = threadIdx.x & 31, warps = blockDim.x >> 5;
    for (int offset = 16; offset > 0; offset >>= 1)
        v += __shfl_xor_sync(ALL_LANES, v, offset);
    __syncthreads();
    if (lane == 0)
        shared[warp] = v;
    __syncthreads();
    int total = 0;
    for (int w = 0; w < warps; w++)
        total += shared[w];
    return total;
}

// A counting sort of pairs by their expert: order (pairs), those of an expert by number; works (mostWorks): (expert, first of order, how many, 0) of at most rows pairs
// each, by expert and place, and of no pairs where there are more works than are needed. A block puts one expert's pairs in their place, having counted all.
// Grid: (experts); a block of 256 threads.
extern "C" __global__ void __launch_bounds__(256) sort_pairs(
    const int* __restrict__ chosen, int* __restrict__ order, uint4* __restrict__ works, int pairs, int experts, int rows, int mostWorks)
{
    take_turn();
    __shared__ int counts[MOST_EXPERTS];
    __shared__ int ranks[256];
    __shared__ int shared[32];
    int expert = blockIdx.x, thread = threadIdx.x, threads = blockDim.x;
    for (int e = thread; e < experts; e += threads)
        counts[e] = 0;
    __syncthreads();

    // A thread takes neighbouring pairs, so that their order is that of threads.
    int each = (pairs + threads - 1) / threads, begin = min(thread * each, pairs), end = min(begin + each, pairs), mine = 0;
    for (int i = begin; i < end; i++)
    {
        int e = chosen[i];
        atomicAdd(&counts[e], 1);
        mine += e == expert;
    }

    ranks[thread] = mine;
    __syncthreads();
    for (int offset = 1; offset < threads; offset <<= 1)
    {
        int before = thread >= offset ? ranks[thread - offset] : 0;
        __syncthreads();
        ranks[thread] += before;
        __syncthreads();
    }

    int earlier = 0, worksBefore = 0;
    for (int e = thread; e < expert; e += threads)
    {
        earlier += counts[e];
        worksBefore += (counts[e] + rows - 1) / rows;
    }

    int start = block_total(earlier, shared), work = block_total(worksBefore, shared), count = counts[expert], at = start + ranks[thread] - mine;
    for (int i = begin; i < end; i++)
        if (chosen[i] == expert)
            order[at++] = i;
    int ownWorks = (count + rows - 1) / rows;
    for (int i = thread; i < ownWorks; i += threads)
        works[work + i] = make_uint4(expert, start + i * rows, min(rows, count - i * rows), 0);
    if (expert == experts - 1)
        for (int i = work + ownWorks + thread; i < mostWorks; i += threads)
            works[i] = make_uint4(0, 0, 0, 0);
}
EXPORT_KERNEL(sort_pairs)

// y (tokens, columns) = or, where adds is not 0, += the sum of outputs (tokens, used, columns), each times its weight (tokens, used), in the order of
// choice; weights may be null for 1. Grid: (blocks of columns, tokens).
extern "C" __global__ void add_experts(const float* __restrict__ outputs, const float* __restrict__ weights, float* __restrict__ y, int columns, int used, int adds)
{
    take_turn();
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i >= columns)
        return;
    long long first = (long long)blockIdx.y * used;
    float sum = 0;
    for (int k = 0; k < used; k++)
        sum += (weights ? weights[first + k] : 1.0f) * outputs[(first + k) * columns + i];
    float* target = y + (long long)blockIdx.y * columns + i;
    *target = adds ? *target + sum : sum;
}
EXPORT_KERNEL(add_experts)
