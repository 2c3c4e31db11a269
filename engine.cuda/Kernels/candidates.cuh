// The tokens of a row that may still be drawn, in the order of their ids: how they are found, weighed and cut away, with the host's result.
#pragma once
#include "sampled.cuh"

// Smaller for larger values; the same for zeros of either sign.
DEVICE unsigned key_of(float value)
{
    unsigned bits = __float_as_uint(__fadd_rn(value, 0.0f));
    return ~(bits ^ ((bits >> 31 ? 0xffffffffu : 0u) | 0x80000000u));
}

DEVICE float value_of(unsigned key)
{
    unsigned bits = ~key;
    return __uint_as_float(bits >> 31 ? bits ^ 0x80000000u : ~bits);
}

// The sum of the weights of values of at least `floor`; s.sums has those of blocks of candidates.
DEVICE double sum_at_least(Work& s, const Candidates& c, float floor)
{
    int lane = threadIdx.x & 15, blocks = (c.count + SIZE - 1) / SIZE, b = threadIdx.x >> 4;
    float sum = 0;
    if (b < blocks)
    {
        int end = min((b + 1) * SIZE, c.count);
#pragma unroll 4
        for (int i = b * SIZE + lane; i < end; i += 16)
            sum = __fadd_rn(sum, c.values[i] >= floor ? c.weights()[i] : 0.0f);
    }

    sum = add_lanes(sum);
    if (b < blocks && lane == 0)
        s.sums[b] = sum;
    return add_sums(s, blocks);
}

DEVICE double weigh(Work& s, const Candidates& c, float maximum, float scale, float least)
{
    for (int i = threadIdx.x; i < c.count; i += SIZE)
        c.weights()[i] = weight_of(c.values[i], maximum, scale, least);
    __syncthreads();
    return sum_at_least(s, c, -INFINITE);
}

// s.counts, of the first `count`, become the sums of those before them. Gives the sum of all.
DEVICE int add_counts(Work& s, int count)
{
    __syncthreads();
    if (threadIdx.x < 32)
    {
        int lane = threadIdx.x, first = lane * (MOST_BLOCKS / 32), mine = 0;
        for (int i = 0; i < MOST_BLOCKS / 32; i++)
            mine += first + i < count ? s.counts[first + i] : 0;
        int sum = mine;
        for (int offset = 1; offset < 32; offset <<= 1)
        {
            int before = __shfl_up_sync(ALL_LANES, sum, offset);
            sum += lane >= offset ? before : 0;
        }

        int at = sum - mine;
        for (int i = 0; i < MOST_BLOCKS / 32 && first + i < count; i++)
        {
            int each = s.counts[first + i];
            s.counts[first + i] = at;
            at += each;
        }

        if (lane == 31)
            s.found = sum;
    }

    __syncthreads();
    return s.found;
}

// Takes the tokens whose logits are at least `floor`, never those of minus infinity. False where they are too many.
DEVICE bool gather(Work& s, const Logits& l, float floor, Candidates& c)
{
    int warp = threadIdx.x >> 5, lane = threadIdx.x & 31;
    floor = fmaxf(floor, LEAST_FLOAT);
    for (int b = warp; b < l.blocks; b += 32)
    {
        int count = 0;
        if (s.maxima[b] >= floor)
        {
#pragma unroll 8
            for (int j = 0; j < SIZE; j += 32)
                count += logit_at(l, b * SIZE + j + lane) >= floor;
        }

        for (int offset = 16; offset > 0; offset >>= 1)
            count += __shfl_xor_sync(ALL_LANES, count, offset);
        if (lane == 0)
            s.counts[b] = count;
    }

    c.count = add_counts(s, l.blocks);
    if (c.count > MOST_CANDIDATES)
        return false;
    for (int b = warp; b < l.blocks; b += 32)
    {
        if (s.maxima[b] < floor)
            continue;
        int at = s.counts[b];
#pragma unroll 4
        for (int j = 0; j < SIZE; j += 32)
        {
            int i = b * SIZE + j + lane;
            float v = logit_at(l, i);
            unsigned taken = __ballot_sync(ALL_LANES, v >= floor);
            if (taken >> lane & 1)
            {
                int place = at + __popc(taken & ((1u << lane) - 1));
                c.tokens()[place] = i;
                c.values[place] = v;
            }

            at += __popc(taken);
        }
    }

    __syncthreads();
    return true;
}

// Keeps candidates above `boundary`, and of those that equal it the ones up to a place; and of them those of at least a weight. Their order stays.
DEVICE void keep(Work& s, Candidates& c, float boundary, int last, float least)
{
    int warp = threadIdx.x >> 5, lane = threadIdx.x & 31, kept = 0;
    for (int first = 0; first < c.count; first += SIZE)
    {
        int i = first + threadIdx.x, token = 0;
        float value = 0, weight = 0;
        bool stays = false;
        if (i < c.count)
        {
            value = c.values[i];
            weight = c.weights()[i];
            token = c.tokens()[i];
            stays = (value > boundary || (value == boundary && i <= last)) && weight >= least;
        }

        unsigned taken = __ballot_sync(ALL_LANES, stays);
        if (lane == 0)
            s.ranks[warp] = __popc(taken);
        __syncthreads();
        int at = kept + __popc(taken & ((1u << lane) - 1));
        for (int w = 0; w < 32; w++)
        {
            at += w < warp ? s.ranks[w] : 0;
            kept += s.ranks[w];
        }

        if (stays)
        {
            c.values[at] = value;
            c.weights()[at] = weight;
            c.tokens()[at] = token;
        }

        __syncthreads();
    }

    c.count = kept;
}

// Sorts the first `count` of s.sorted, which are at most 1024; the others are overwritten.
DEVICE void sort(Work& s, int count)
{
    int size = 2, thread = threadIdx.x;
    while (size < count)
        size <<= 1;
    if (thread >= count)
        s.sorted[thread] = ~0ull;
    for (int span = 2; span <= size; span <<= 1)
        for (int step = span >> 1; step > 0; step >>= 1)
        {
            __syncthreads();
            int other = thread ^ step;
            if (other > thread && other < size)
            {
                unsigned long long a = s.sorted[thread], b = s.sorted[other];
                if ((a > b) == ((thread & span) == 0))
                {
                    s.sorted[thread] = b;
                    s.sorted[other] = a;
                }
            }
        }

    __syncthreads();
}

// The count-th largest of what each thread has.
DEVICE float largest(Work& s, float mine, int count)
{
    s.sorted[threadIdx.x] = (unsigned long long)key_of(mine) << 32;
    sort(s, SIZE);
    float value = value_of((unsigned)(s.sorted[count - 1] >> 32));
    __syncthreads();
    return value;
}

// At least the `wanted` largest, at most 1024, sorted by value and token: the low half of s.sorted is a candidate's place. False where they are too many. most: of scan.
DEVICE bool gather_largest(Work& s, const Logits& l, int wanted, float most, Candidates& c)
{
    if (!gather(s, l, largest(s, most, wanted), c))
        return false;
    if (c.count > SIZE)
    {
        most = -INFINITE;
        for (int i = threadIdx.x; i < c.count; i += SIZE)
        {
            most = fmaxf(most, c.values[i]);
            c.weights()[i] = 0;
        }

        float floor = largest(s, most, wanted);
        keep(s, c, floor, c.count, 0);
        if (c.count > SIZE)
            return false;
    }

    if (threadIdx.x < c.count)
        s.sorted[threadIdx.x] = (unsigned long long)key_of(c.values[threadIdx.x]) << 32 | threadIdx.x;
    sort(s, c.count);
    return true;
}

// Candidates.Narrow: a range in which the weights of the largest reach `wanted`, the upper end not in it, and the weight of those above it.
DEVICE double narrow(Work& s, const Candidates& c, double wanted, float least, float& low, float& high)
{
    low = -INFINITE;
    high = INFINITE;
    double have = 0;
    if (c.count <= SIZE)
        return have;
    float bottom = INFINITE, top = -INFINITE;
    for (int i = threadIdx.x; i < c.count; i += SIZE)
    {
        bottom = fminf(bottom, c.values[i]);
        top = fmaxf(top, c.values[i]);
    }

    bottom = -largest_of_warp(-bottom);
    top = largest_of_warp(top);
    __syncthreads();
    if ((threadIdx.x & 31) == 0)
    {
        s.low[threadIdx.x >> 5] = bottom;
        s.high[threadIdx.x >> 5] = top;
    }

    __syncthreads();
    bottom = -largest_of_warp(-s.low[threadIdx.x & 31]);
    top = largest_of_warp(s.high[threadIdx.x & 31]);
    bottom = fmaxf(bottom, least);
    for (int i = 0; i < 12; i++)
    {
        float middle = __fadd_rn(__fmul_rn(bottom, 0.5f), __fmul_rn(top, 0.5f));
        if (middle <= bottom)
            break;
        double measure = sum_at_least(s, c, middle);
        if (measure >= wanted)
            low = bottom = middle;
        else
        {
            high = top = middle;
            have = measure;
        }
    }

    return have;
}

// The sum of v of the block's threads up to the own one.
DEVICE double sum_up_to(Work& s, double v)
{
    int thread = threadIdx.x, lane = thread & 31;
    double sum = v;
    for (int offset = 1; offset < 32; offset <<= 1)
    {
        double before = __shfl_up_sync(ALL_LANES, sum, offset);
        sum += lane >= offset ? before : 0.0;
    }

    if (lane == 31)
        s.scanned[thread >> 5] = sum;
    __syncthreads();
    for (int w = 0; w < thread >> 5; w++)
        sum += s.scanned[w];
    return sum;
}

// Keeps the fewest of the largest whose weights reach `wanted`, at least one, ties by token. False where sums are too near to it to say.
DEVICE bool keep_nucleus(Work& s, Candidates& c, double wanted, double margin)
{
    if (c.count <= 1)
        return true;
    float low, high;
    double have = narrow(s, c, wanted, LEAST_FLOAT, low, high);
    margin *= wanted;
    wanted -= have;
    if (threadIdx.x == 0)
        s.found = 0;
    __syncthreads();
    for (int i = threadIdx.x; i < c.count; i += SIZE)
    {
        float v = c.values[i];
        if (v >= low && v < high)
        {
            int at = atomicAdd(&s.found, 1);
            if (at < SIZE)
                s.sorted[at] = (unsigned long long)key_of(v) << 32 | (unsigned)i;
        }
    }

    __syncthreads();
    int count = s.found, thread = threadIdx.x;
    if (count > SIZE)
        return false;
    sort(s, count);
    double sum = sum_up_to(s, thread < count ? c.weights()[(unsigned)s.sorted[thread]] : 0.0);
    bool reached = sum >= wanted;
    if (__syncthreads_or(thread < count && fabs(sum - wanted) <= margin))
        return false;
    int below = __syncthreads_count(thread < count && !reached);
    if (below >= count)
        return false;
    unsigned place = (unsigned)s.sorted[below];
    keep(s, c, c.values[place], (int)place, -1.0f);
    return true;
}
