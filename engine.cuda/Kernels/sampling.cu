// Draws a token from each row of logits as the host's RowSampler does, to the last bit: weights by the same polynomial, sums of sixteen lanes over blocks of 1024 in
// the same order, selections that end in the same set. What cannot be settled so is left to the host. Logits are afterwards as they were.
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
    int count = s.found, thread = threadIdx.x, lane = thread & 31;
    if (count > SIZE)
        return false;
    sort(s, count);
    double weight = thread < count ? c.weights()[(unsigned)s.sorted[thread]] : 0.0, sum = weight;
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

// Of weights of the block's threads the first under which target, less them one after the other, is below zero; -1 where none is.
DEVICE int draw_of_block(Work& s, float weight, double target)
{
    int thread = threadIdx.x, lane = thread & 31;
    s.weights[thread] = weight;
    double sum = weight;
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

    // A thousand differences of at most a thousand are exact to less than this; nearer, they are taken.
    bool unsure = fabs(sum - target) <= 1e-9;
    if (!__syncthreads_or(unsure))
    {
        int below = __syncthreads_count(!(sum > target));
        return below < SIZE ? below : -1;
    }

    if (thread == 0)
    {
        int i = 0;
        while (i < SIZE && (target -= s.weights[i]) >= 0)
            i++;
        s.last = i < SIZE ? i : -1;
    }

    __syncthreads();
    return s.last;
}

// The block of s.sums, of which there are `blocks`, that has the target, which becomes what is left of it there; -1 where it is beyond them.
DEVICE int block_of(Work& s, int blocks, double& target)
{
    __syncthreads();
    if (threadIdx.x == 0)
    {
        int b = 0;
        while (b < blocks && target >= s.sums[b])
            target -= s.sums[b++];
        s.found = b < blocks ? b : -1;
        s.target = target;
    }

    __syncthreads();
    target = s.target;
    return s.found;
}

DEVICE int draw_of_all(Work& s, const Logits& l, double target, float scale, float least)
{
    int b = block_of(s, l.blocks, target);
    if (b < 0)
        return -1;
    float weight = weight_of(logit_at(l, b * SIZE + threadIdx.x), l.maximum, scale, least);
    int at = draw_of_block(s, weight, target);
    if (at < 0)
    {
        // Rounding has left a little over: it is the last that has any weight.
        __syncthreads();
        if (threadIdx.x == 0)
            s.last = -1;
        __syncthreads();
        if (weight > 0)
            atomicMax(&s.last, (int)threadIdx.x);
        __syncthreads();
        at = s.last;
    }

    return at < 0 ? -1 : b * SIZE + at;
}

DEVICE int draw_of_candidates(Work& s, const Candidates& c, double target)
{
    int b = block_of(s, (c.count + SIZE - 1) / SIZE, target);
    if (b < 0)
        return -1;
    int count = min(SIZE, c.count - b * SIZE), at = draw_of_block(s, threadIdx.x < count ? c.weights()[b * SIZE + threadIdx.x] : 0.0f, target);
    return c.tokens()[b * SIZE + (at < 0 || at >= count ? count - 1 : at)];
}

// The first of the largest.
DEVICE int likeliest(Work& s, const Logits& l)
{
    __syncthreads();
    if (threadIdx.x == 0)
    {
        s.found = 0;
        while (s.maxima[s.found] != l.maximum)
            s.found++;
        s.last = SIZE;
    }

    __syncthreads();
    int first = s.found * SIZE;
    if (logit_at(l, first + threadIdx.x) == l.maximum)
        atomicMin(&s.last, (int)threadIdx.x);
    __syncthreads();
    return first + s.last;
}

// LogitBlocks.GuessFloor: a logit under which lie about `cut` of weights or less, judged by a part of the blocks.
DEVICE float guess_floor(Work& s, const Logits& l, double cut, float scale, float least, Candidates& c)
{
    int stride = min(max(l.blocks / 8, 1), 16), looked = (l.blocks - stride / 2 + stride - 1) / stride;
    for (int i = 0; i < looked; i++)
        c.values[i * SIZE + threadIdx.x] = logit_at(l, (stride / 2 + i * stride) * SIZE + threadIdx.x);
    c.count = looked * SIZE;
    double sum = weigh(s, c, l.maximum, scale, least);
    float low, high;
    narrow(s, c, __dadd_rn(sum, -__ddiv_rn(__dmul_rn(cut, looked), __dmul_rn(l.blocks, 1.2))), __fsub_rn(l.maximum, __fdiv_rn(87.0f, scale)), low, high);
    return low;
}

// top_p of all tokens: the token, -1 where rounding has left the target beyond, FOR_HOST where it cannot be settled.
DEVICE int draw_of_nucleus(Work& s, const Logits& l, double total, float scale, float least, Candidates& c)
{
    double wanted = __dmul_rn(s.asked.topP, total), cut = total - wanted, margin = DOUBLE_MARGIN;
    float floor = guess_floor(s, l, cut, scale, least, c);
    bool fits = gather(s, l, floor, c);
    if (!fits || weigh(s, c, l.maximum, scale, least) < wanted)
    {
        // What the host chooses among is more than there is room for: its sums are known but for their rounding.
        margin = fits ? DOUBLE_MARGIN : FLOAT_MARGIN;
        if (!gather(s, l, floor_of(__ddiv_rn(cut, l.count), l.maximum, scale), c))
            return FOR_HOST;
        weigh(s, c, l.maximum, scale, least);
    }

    if (!keep_nucleus(s, c, wanted, margin))
        return FOR_HOST;
    double sum = sum_at_least(s, c, -INFINITE);
    return draw_of_candidates(s, c, __dmul_rn(s.asked.uniform, sum));
}

// min_p and top_k, then top_p of what they left.
DEVICE int draw_of_cut(Work& s, const Logits& l, float scale, float least, float most, Candidates& c)
{
    if (s.asked.topK > 0)
    {
        if (!gather_largest(s, l, s.asked.topK, most, c))
            return FOR_HOST;
        double sum = weigh(s, c, l.maximum, scale, least);
        if (s.asked.topK < c.count)
        {
            unsigned place = (unsigned)s.sorted[s.asked.topK - 1];
            keep(s, c, c.values[place], (int)place, -1.0f);
        }
    }
    else
    {
        if (!gather(s, l, floor_below(l.maximum, s.asked.minFloor), c))
            return FOR_HOST;
        weigh(s, c, l.maximum, scale, least);
    }

    if (s.asked.minP > 0)
        keep(s, c, -INFINITE, 0, s.asked.minP);
    double sum = sum_at_least(s, c, -INFINITE);
    if (s.asked.topP < 1)
    {
        if (!keep_nucleus(s, c, __dmul_rn(s.asked.topP, sum), DOUBLE_MARGIN))
            return FOR_HOST;
        sum = sum_at_least(s, c, -INFINITE);
    }

    return draw_of_candidates(s, c, __dmul_rn(s.asked.uniform, sum));
}

DEVICE int choose(Work& s, const Logits& l, float most, Candidates& c)
{
    float scale = s.asked.scale, least = exponential(-INFINITE);
    int token = -1;
    if (scale > 0)
    {
        if (s.asked.topK > 0 || s.asked.minP > 0)
            token = draw_of_cut(s, l, scale, least, most, c);
        else
        {
            double total = sum_of_weights(s, l, scale, least);
            token = s.asked.topP < 1 ? draw_of_nucleus(s, l, total, scale, least, c) : draw_of_all(s, l, __dmul_rn(s.asked.uniform, total), scale, least);
        }
    }

    return token == -1 ? likeliest(s, l) : token;
}

// Minimum length, biases and penalties; what was there before stands where the value of each change was.
DEVICE void adjust(const Asked& asked, float* x, int* lists)
{
    for (int i = threadIdx.x; i < asked.endCount; i += SIZE)
    {
        int token = lists[asked.ends + i];
        lists[asked.ends + asked.endCount + i] = __float_as_int(x[token]);
        x[token] = -INFINITE;
    }

    __syncthreads();
    for (int i = threadIdx.x; i < asked.biasCount; i += SIZE)
    {
        int token = lists[asked.biases + i];
        float before = x[token];
        x[token] = __fadd_rn(before, __int_as_float(lists[asked.biases + asked.biasCount + i]));
        lists[asked.biases + asked.biasCount + i] = __float_as_int(before);
    }

    __syncthreads();
    for (int i = threadIdx.x; i < asked.seenCount; i += SIZE)
    {
        int token = lists[asked.seen + i], times = lists[asked.seen + asked.seenCount + i];
        float before = x[token], after = before > 0 ? __fdiv_rn(before, asked.repetition) : __fmul_rn(before, asked.repetition);
        x[token] = __fsub_rn(after, __fadd_rn(__fmul_rn((float)times, asked.frequency), times > 0 ? asked.presence : 0.0f));
        lists[asked.seen + asked.seenCount + i] = __float_as_int(before);
    }

    __syncthreads();
}

// Takes the changes back, the last first.
DEVICE void undo(float* x, const int* lists, int first, int count)
{
    __syncthreads();
    for (int i = threadIdx.x; i < count; i += SIZE)
        x[lists[first + i]] = __int_as_float(lists[first + count + i]);
}

// The likeliest tokens with their logits, those that the model itself forbids last. False where the host has to find them.
DEVICE bool report(Work& s, const Logits& l, float most, Candidates& c, Answer& answer)
{
    int wanted = min(s.asked.top, l.count);
    if (wanted == 0)
        return true;
    if (!gather_largest(s, l, wanted, most, c))
        return false;
    if (threadIdx.x < min(wanted, c.count))
    {
        unsigned place = (unsigned)s.sorted[threadIdx.x];
        answer.tokens[threadIdx.x] = c.tokens()[place];
        answer.logits[threadIdx.x] = c.values[place];
    }

    if (threadIdx.x == 0)
        for (int token = 0, found = c.count; found < wanted; token++)
            if (l.x[token] == -INFINITE)
            {
                answer.tokens[found] = token;
                answer.logits[found++] = -INFINITE;
            }

    __syncthreads();
    return true;
}

// Grid: (rows asked for); a block of 1024 threads. lists: all masks and lists. candidates: (3, MOST_CANDIDATES) for each block.
extern "C" __global__ void __launch_bounds__(1024) sample_rows(
    float* logits, const Asked* asked, int* lists, Answer* answers, float* candidates, int vocabulary)
{
    take_turn();
    __shared__ Work s;
    if (threadIdx.x == 0)
        s.asked = asked[blockIdx.x];
    __syncthreads();
    Answer& answer = answers[blockIdx.x];
    Candidates c = {candidates + (long long)blockIdx.x * (3 * MOST_CANDIDATES), 0};
    float* x = logits + (long long)s.asked.row * vocabulary;
    Logits l = {x, nullptr, vocabulary, (vocabulary + SIZE - 1) / SIZE, 0};
    float most = 0;
    bool scanned = s.asked.top >= 0 && !s.asked.redraw, settled = true;
    int token = s.asked.forced;
    if (scanned)
    {
        settled = scan(s, l, most);
        if (threadIdx.x == 0)
            answer.maximum = l.maximum;
        if (settled && !(fabsf(l.maximum) < INFINITE))
        {
            settled = false;
            token = l.maximum > 0 ? NOT_FINITE : NO_TOKEN;
        }
        else if (settled)
        {
            double sum = sum_of_weights(s, l, 1.0f, exponential(-INFINITE));
            if (threadIdx.x == 0)
                answer.sum = sum;

            settled = report(s, l, most, c, answer);
            token = settled ? token : FOR_HOST;
        }
        else
            token = FOR_HOST;
    }

    if (settled && token < 0)
    {
        bool adjusted = s.asked.endCount + s.asked.biasCount + s.asked.seenCount > 0;
        if (adjusted)
            adjust(s.asked, x, lists);
        if (s.asked.mask >= 0)
            l.mask = (const unsigned*)lists + s.asked.mask;
        bool numbers = true;
        if (!scanned || adjusted || l.mask)
            numbers = scan(s, l, most);
        if (!numbers)
            token = FOR_HOST;
        else if (!(fabsf(l.maximum) < INFINITE))
            token = l.maximum > 0 ? NOT_FINITE : NO_TOKEN;
        else
            token = choose(s, l, most, c);
        if (adjusted)
        {
            undo(x, lists, s.asked.seen, s.asked.seenCount);
            undo(x, lists, s.asked.biases, s.asked.biasCount);
            undo(x, lists, s.asked.ends, s.asked.endCount);
            __syncthreads();
        }
    }

    if (threadIdx.x == 0)
    {
        answer.token = token;
        answer.logit = token >= 0 ? x[token] : 0.0f;
    }
}
EXPORT_KERNEL(sample_rows)
