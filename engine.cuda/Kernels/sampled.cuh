// A row of logits as the host's sampler has it: what is asked, weights by the same polynomial, sums of sixteen lanes over blocks of 1024 in the same order.
#pragma once
#include "numbers.cuh"

// Threads of a block, and logits of one whose sum is taken.
#define SIZE 1024

// Blocks of a row, at most: 262,144 logits.
#define MOST_BLOCKS 256

// Tokens that are chosen among, at most; sixteen blocks are looked at for a guess.
#define MOST_CANDIDATES 32768

#define INFINITE __uint_as_float(0x7f800000u)
#define LEAST_FLOAT (-3.402823466e+38f)

// What a row's token is where there is none, as SamplingRow has it, and where the host has to draw it.
#define NO_TOKEN -1
#define NOT_FINITE -2
#define FOR_HOST -4

// Sums in double differ by less than the first part of them, whatever their order; those of floats in blocks, the host's and these here, by less than the second.
#define DOUBLE_MARGIN 1e-11
#define FLOAT_MARGIN 1e-5

// What is asked of a row: SamplingAsk. Places are ints from the first of all lists; a list is its tokens, and behind them a value for each.
struct Asked
{
    double uniform;
    double minFloor; // how far below the largest the logits of min_p lie, with a margin
    int row;
    int top;    // likeliest tokens to report; -1 for no logprobs
    int redraw; // logprobs stand already
    int forced; // -1 for none
    int topK;   // 0 for all
    float topP;
    float minP;
    float scale; // 0 for the likeliest
    float repetition;
    float frequency;
    float presence;
    int mask; // -1 for none
    int ends;
    int endCount;
    int biases;
    int biasCount;
    int seen;
    int seenCount;
};

// What is answered: SamplingAnswer.
struct Answer
{
    double sum;    // of exp(logit - maximum), as the model gave them
    float maximum; // likewise
    float logit;   // of the token, likewise
    int token;
    int unused;
    int tokens[20]; // the likeliest, with their logits
    float logits[20];
};

// A row as it is drawn from.
struct Logits
{
    const float* x;
    const unsigned* mask;
    int count;
    int blocks;
    float maximum;
};

// Values, weights and tokens, one after the other.
struct Candidates
{
    float* values;
    int count;

    __device__ __forceinline__ float* weights() const { return values + MOST_CANDIDATES; }
    __device__ __forceinline__ int* tokens() const { return (int*)(values + 2 * MOST_CANDIDATES); }
};

// Shared by a block.
struct Work
{
    Asked asked;
    unsigned long long sorted[SIZE];
    double scanned[32];
    double total;
    double target;
    float maxima[MOST_BLOCKS];
    float sums[MOST_BLOCKS];
    int counts[MOST_BLOCKS];
    float weights[SIZE];
    float low[32];
    float high[32];
    int ranks[32];
    int found;
    int last;
};

DEVICE float logit_at(const Logits& l, int i)
{
    return i < l.count && (!l.mask || l.mask[i >> 5] >> (i & 31) & 1) ? l.x[i] : -INFINITE;
}

// e^x by VectorMath.Exp, from -87 to 88.
DEVICE float exponential(float x)
{
    x = fminf(fmaxf(x, -87.0f), 88.0f);
    float n = rintf(__fmul_rn(x, 1.44269504f));
    float r = fmaf(n, -0.693359375f, x);
    r = fmaf(n, 2.12194440e-4f, r);
    float p = 1.9875691500e-4f;
    p = fmaf(p, r, 1.3981999507e-3f);
    p = fmaf(p, r, 8.3334519073e-3f);
    p = fmaf(p, r, 4.1665795894e-2f);
    p = fmaf(p, r, 1.6666665459e-1f);
    p = fmaf(p, r, 0.5f);
    p = fmaf(p, __fmul_rn(r, r), __fadd_rn(r, 1.0f));
    return __fmul_rn(p, __uint_as_float((unsigned)((int)n + 127) << 23));
}

// 1 for the maximum, 0 for what is forbidden; least is the exponential's least value.
DEVICE float weight_of(float x, float maximum, float scale, float least)
{
    return fmaxf(__fsub_rn(exponential(__fmul_rn(__fsub_rn(x, maximum), scale)), least), 0.0f);
}

// log(x) by NaturalLogarithm.Of, of a positive number that is not subnormal.
DEVICE double logarithm(double x)
{
    long long bits = __double_as_longlong(x);
    int exponent = (int)(bits >> 52) - 1023;
    double mantissa = __longlong_as_double((bits & 0xfffffffffffffll) | 0x3ff0000000000000ll);
    if (mantissa > 1.4142135623730951)
    {
        mantissa = __dmul_rn(mantissa, 0.5);
        exponent++;
    }

    double s = __ddiv_rn(__dadd_rn(mantissa, -1.0), __dadd_rn(mantissa, 1.0));
    double square = __dmul_rn(s, s), series = 0;
    for (int n = 23; n > 0; n -= 2)
        series = __dadd_rn(__dmul_rn(series, square), __ddiv_rn(1.0, n));
    return __dadd_rn(__dmul_rn(exponent, 0.6931471805599453), __dmul_rn(__dmul_rn(2.0, s), series));
}

// A little less than the logit whose weight is `weight`, of which the logarithm is taken and divided already.
DEVICE float floor_below(float maximum, double distance)
{
    return (float)__dadd_rn(__dadd_rn(maximum, distance), -__dmul_rn(1e-6, fabsf(maximum)));
}

DEVICE float floor_of(double weight, float maximum, float scale)
{
    return weight <= 0 ? -INFINITE : floor_below(maximum, __ddiv_rn(__dadd_rn(logarithm(fmin(1.0, weight)), -0.01), scale));
}

DEVICE float largest_of_warp(float v)
{
    for (int offset = 16; offset > 0; offset >>= 1)
        v = fmaxf(v, __shfl_xor_sync(ALL_LANES, v, offset));
    return v;
}

// The sum of sixteen lanes, in the host's order; of both halves of a warp.
DEVICE float add_lanes(float sum)
{
    for (int offset = 8; offset > 0; offset >>= 1)
        sum = __fadd_rn(sum, __shfl_xor_sync(ALL_LANES, sum, offset));
    return sum;
}

// The sum of the first of s.sums, one after the other.
DEVICE double add_sums(Work& s, int count)
{
    __syncthreads();
    if (threadIdx.x == 0)
    {
        double total = 0;
        for (int b = 0; b < count; b++)
            total += s.sums[b];
        s.total = total;
    }

    __syncthreads();
    return s.total;
}

// Sets s.maxima and l.maximum; false where there is what is no number. most: the largest of those that the thread looked at, others than all other threads did.
DEVICE bool scan(Work& s, Logits& l, float& most)
{
    int warp = threadIdx.x >> 5, lane = threadIdx.x & 31;
    bool none = false;
    most = -INFINITE;
    for (int b = warp; b < l.blocks; b += 32)
    {
        float top = -INFINITE;
#pragma unroll 8
        for (int j = 0; j < SIZE; j += 32)
        {
            float v = logit_at(l, b * SIZE + j + lane);
            none |= v != v;
            top = fmaxf(top, v);
        }

        most = fmaxf(most, top);
        top = largest_of_warp(top);
        if (lane == 0)
            s.maxima[b] = top;
    }

    none = __syncthreads_or(none);
    float maximum = -INFINITE;
    for (int b = lane; b < l.blocks; b += 32)
        maximum = fmaxf(maximum, s.maxima[b]);
    l.maximum = largest_of_warp(maximum);
    return !none;
}

// The sum of all weights; s.sums has those of the blocks.
DEVICE double sum_of_weights(Work& s, const Logits& l, float scale, float least)
{
    int lane = threadIdx.x & 15;
    for (int first = 0; first < l.blocks; first += 64)
    {
        int b = first + (threadIdx.x >> 4);
        float sum = 0;
        if (b < l.blocks)
        {
#pragma unroll 4
            for (int j = 0; j < SIZE; j += 16)
                sum = __fadd_rn(sum, weight_of(logit_at(l, b * SIZE + j + lane), l.maximum, scale, least));
        }

        sum = add_lanes(sum);
        if (b < l.blocks && lane == 0)
            s.sums[b] = sum;
    }

    return add_sums(s, l.blocks);
}
