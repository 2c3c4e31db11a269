// Draws a token from each row of logits as the host's RowSampler does, to the last bit: weights by the same polynomial, sums of sixteen lanes over blocks of 1024 in
// the same order, selections that end in the same set. What cannot be settled so is left to the host. Logits are afterwards as they were.
#include "candidates.cuh"

// Of weights of the block's threads the first under which target, less them one after the other, is below zero; -1 where none is.
DEVICE int draw_of_block(Work& s, float weight, double target)
{
    s.weights[threadIdx.x] = weight;
    double sum = sum_up_to(s, weight);

    // A thousand differences of at most a thousand are exact to less than this; nearer, they are taken.
    bool unsure = fabs(sum - target) <= 1e-9;
    if (!__syncthreads_or(unsure))
    {
        int below = __syncthreads_count(!(sum > target));
        return below < SIZE ? below : -1;
    }

    if (threadIdx.x == 0)
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
