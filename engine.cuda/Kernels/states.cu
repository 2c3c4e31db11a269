// Operators that keep a state of one size for a sequence: gated delta nets (https://arxiv.org/abs/2412.06464), Mamba-2 (https://arxiv.org/abs/2405.21060) and gated
// short convolutions. A state is, for each layer, the last positions of all channels of its convolution, (channels, kernel - 1), the oldest first; then, from an
// offset on, a matrix for each head, (columns, rows, heads). Tokens of a sequence are taken one after the other, so that a token has the same bits however its
// prompt is cut.
#include "numbers.cuh"

// A sequence's part of a step.
struct Sequence
{
    int token;  // first of its tokens
    int tokens; // 1 at least
    int slot;   // of its state
    int spare;  // slot of the state that gets what its own is after the first `after` tokens; -1 for none
    int after;
    int fresh;  // not 0 where it begins with this step: its state is then not read
    int unused[2];
};

// What a convolution meets: channel's value of token t of a sequence or, below 0, of one before the first. Where GATED, of the product of two.
template <bool GATED>
DEVICE float column(const float* input, int ld, const float* state, const Sequence& sequence, int channels, int kernel, int channel, int t)
{
    if (t < 0)
        return sequence.fresh ? 0.0f : state[(long long)(kernel - 1 + t) * channels + channel];
    const float* row = input + (long long)(sequence.token + t) * ld + channel;
    return GATED ? row[0] * row[2 * channels] : row[0];
}

// The convolution of a channel at token t: the sum of w[j] x[t - (kernel - 1) + j].
template <bool GATED>
DEVICE float convolved(
    const float* input, int ld, const float* w, const float* state, const Sequence& sequence, int channels, int kernel, int channel, int t)
{
    float sum = column<GATED>(input, ld, state, sequence, channels, kernel, channel, t - kernel + 1) * w[(long long)channel * kernel];
    for (int j = 1; j < kernel; j++)
        sum = fmaf(column<GATED>(input, ld, state, sequence, channels, kernel, channel, t - kernel + 1 + j), w[(long long)channel * kernel + j], sum);
    return sum;
}

// Brings a channel's part of the state to the last token, and that of the spare state to where it is wanted. All threads have read the state.
template <bool GATED>
DEVICE void keep_columns(
    const float* input, int ld, float* states, long long stateFloats, long long layerOffset, const Sequence& sequence, int channels, int kernel, int channel)
{
    float* state = states + sequence.slot * stateFloats + layerOffset;
    if (sequence.spare >= 0)
    {
        float* spare = states + sequence.spare * stateFloats + layerOffset;
        for (int j = 0; j < kernel - 1; j++)
            spare[(long long)j * channels + channel] = column<GATED>(input, ld, state, sequence, channels, kernel, channel, sequence.after - kernel + 1 + j);
    }

    // What moves comes from behind, so that nothing is overwritten before it is read.
    for (int j = 0; j < kernel - 1; j++)
        state[(long long)j * channels + channel] = column<GATED>(input, ld, state, sequence, channels, kernel, channel, sequence.tokens - kernel + 1 + j);
}

// output (tokens, channels) = silu(convolution of input's channels + bias), and the states behind it. input (tokens, ld); w (channels, kernel); bias (channels) may be
// null. A block has lanes channels of a sequence, as many of its tokens side by side as it has threads for. Grid: (blocks of channels, sequences).
extern "C" __global__ void __launch_bounds__(512, 2) convolve(
    const float* __restrict__ input, int ld, const float* __restrict__ w, const float* __restrict__ bias, const Sequence* __restrict__ sequences, float* states,
    long long stateFloats, long long layerOffset, float* __restrict__ output, int channels, int kernel, int lanes)
{
    take_turn();
    Sequence sequence = sequences[blockIdx.y];
    int channel = blockIdx.x * lanes + threadIdx.x % lanes, rows = blockDim.x / lanes;
    const float* state = states + sequence.slot * stateFloats + layerOffset;
    if (channel < channels)
        for (int t = threadIdx.x / lanes; t < sequence.tokens; t += rows)
        {
            float v = convolved<false>(input, ld, w, state, sequence, channels, kernel, channel, t) + (bias ? bias[channel] : 0.0f);
            output[(long long)(sequence.token + t) * channels + channel] = silu(v);
        }

    __syncthreads();
    if (channel < channels && (int)threadIdx.x < lanes)
        keep_columns<false>(input, ld, states, stateFloats, layerOffset, sequence, channels, kernel, channel);
}
EXPORT_KERNEL(convolve)

// output (tokens, ldo) halves = c * convolution(b * x) * factor, zeros from channels on; input (tokens, ld): b, c, x of all channels. Else as convolve.
extern "C" __global__ void __launch_bounds__(512, 2) convolve_gated(
    const float* __restrict__ input, int ld, const float* __restrict__ w, const Sequence* __restrict__ sequences, float* states, long long stateFloats,
    long long layerOffset, unsigned short* __restrict__ output, int ldo, int channels, int kernel, int lanes, float factor)
{
    take_turn();
    Sequence sequence = sequences[blockIdx.y];
    int channel = blockIdx.x * lanes + threadIdx.x % lanes, rows = blockDim.x / lanes;
    const float* state = states + sequence.slot * stateFloats + layerOffset;
    for (int t = threadIdx.x / lanes; t < sequence.tokens && channel < ldo; t += rows)
    {
        float v = 0.0f;
        if (channel < channels)
            v = input[(long long)(sequence.token + t) * ld + channels + channel] * convolved<true>(input, ld, w, state, sequence, channels, kernel, channel, t);
        output[(long long)(sequence.token + t) * ldo + channel] = float_to_half(clamp_half(v * factor));
    }

    __syncthreads();
    if (channel < channels && (int)threadIdx.x < lanes)
        keep_columns<true>(input, ld, states, stateFloats, layerOffset, sequence, channels, kernel, channel);
}
EXPORT_KERNEL(convolve_gated)

// log(1 + e^x).
DEVICE float soft_plus(float x) { return fmaxf(x, 0.0f) + logf(1.0f + expf(-fabsf(x))); }

// Of rows (tokens, channels), queries then keys of keyHeads heads of size values: each head divided by its length, queries by the root of size too. rates (tokens, heads):
// beta = sigmoid(b) and decay = exp(decayRate * softplus(a + bias)), of raw (tokens, ld): all b, then all a. A warp takes a head of queries or keys, or the rates of 32
// heads. Grid: (tokens, warps for all).
extern "C" __global__ void delta_inputs(
    float* __restrict__ rows, int channels, int keyHeads, int size, const float* __restrict__ raw, int ld, int heads, const float* __restrict__ decayRate,
    const float* __restrict__ bias, float2* __restrict__ rates, float epsilon)
{
    take_turn();
    int index = blockIdx.y * (blockDim.x >> 5) + (threadIdx.x >> 5), lane = threadIdx.x & 31;
    if (index < 2 * keyHeads)
    {
        float* x = rows + (long long)blockIdx.x * channels + index * size;
        float squares = 0;
        for (int i = lane; i < size; i += 32)
            squares += x[i] * x[i];
        float scale = (index < keyHeads ? 1.0f / sqrtf((float)size) : 1.0f) / fmaxf(sqrtf(warp_sum(squares)), epsilon);
        for (int i = lane; i < size; i += 32)
            x[i] *= scale;
        return;
    }

    int head = (index - 2 * keyHeads) * 32 + lane;
    if (head >= heads)
        return;
    const float* row = raw + (long long)blockIdx.x * ld + head;
    rates[(long long)blockIdx.x * heads + head] = make_float2(1.0f / (1.0f + expf(-row[0])), expf(decayRate[head] * soft_plus(row[heads] + bias[head])));
}
EXPORT_KERNEL(delta_inputs)

// rates (tokens, heads): step = softplus(raw + bias) and decay = exp(decayRate * step). raw (tokens, ld). Grid: (blocks of heads, tokens).
extern "C" __global__ void mamba_rates(
    const float* __restrict__ raw, int ld, int heads, const float* __restrict__ decayRate, const float* __restrict__ bias, float2* __restrict__ rates)
{
    take_turn();
    int head = blockIdx.x * blockDim.x + threadIdx.x;
    if (head >= heads)
        return;
    float step = soft_plus(raw[(long long)blockIdx.y * ld + head] + bias[head]);
    rates[(long long)blockIdx.y * heads + head] = make_float2(step, expf(step * decayRate[head]));
}
EXPORT_KERNEL(mamba_rates)

// Rows of a head's matrix that a block has, each in four lanes; tokens whose keys, queries, values and rates it fetches at once.
#define TILE 32
#define AHEAD 8

template <int COLUMNS>
struct Fetched
{
    __align__(16) float keys[AHEAD][COLUMNS];
    __align__(16) float queries[AHEAD][COLUMNS];
    float values[AHEAD][TILE];
    float2 rates[AHEAD];
};

// Sum over the four lanes of a row.
DEVICE float row_sum(float v)
{
    v += __shfl_xor_sync(ALL_LANES, v, 1);
    return v + __shfl_xor_sync(ALL_LANES, v, 2);
}

// A head's matrix S over a sequence's tokens: S *= decay; S += rate (v - S k) k^T where RECALLS, else S += rate v k^T; the output is S q, and skip's part of v where skip
// (heads) is there. inputs (tokens, ld) has keys, queries and values from keyAt, queryAt and valueAt on; heads share keys with neighbours or with those of the same
// rest. Of a row of S the columns 16 i + 4 lane to 16 i + 4 lane + 3 are a lane's. Grid: (heads * blocks of TILE rows, sequences).
template <int COLUMNS, bool RECALLS>
DEVICE void recur(
    const float* __restrict__ inputs, int ld, int keyAt, int queryAt, int valueAt, const float2* __restrict__ rates, const float* __restrict__ skip,
    const Sequence* __restrict__ sequences, float* states, long long stateFloats, long long headsOffset, float* __restrict__ outputs, int ldo, int heads, int keyHeads,
    int neighbours, int rows, int columns, Fetched<COLUMNS>* fetched)
{
    take_turn();
    constexpr int OWN = COLUMNS / 4;
    Sequence sequence = sequences[blockIdx.y];
    int tiles = (rows + TILE - 1) / TILE, head = blockIdx.x / tiles, firstRow = blockIdx.x % tiles * TILE;
    int keyHead = neighbours ? head / (heads / keyHeads) : head % keyHeads;
    int row = firstRow + (threadIdx.x >> 2), lane = threadIdx.x & 3;
    long long at = headsOffset + ((long long)head * rows + row) * columns;
    float s[OWN];
#pragma unroll
    for (int i = 0; i < OWN / 4; i++)
    {
        int column = 16 * i + 4 * lane;
        uint4 v = make_uint4(0, 0, 0, 0);
        if (!sequence.fresh && row < rows && column < columns)
            v = *(const uint4*)(states + sequence.slot * stateFloats + at + column);
        s[4 * i] = __uint_as_float(v.x);
        s[4 * i + 1] = __uint_as_float(v.y);
        s[4 * i + 2] = __uint_as_float(v.z);
        s[4 * i + 3] = __uint_as_float(v.w);
    }

    for (int first = 0; first < sequence.tokens; first += AHEAD)
    {
        int count = min(AHEAD, sequence.tokens - first);
        __syncthreads();
        for (int i = threadIdx.x; i < count * COLUMNS; i += blockDim.x)
        {
            int token = i / COLUMNS, column = i % COLUMNS;
            const float* from = inputs + (long long)(sequence.token + first + token) * ld + keyHead * columns + column;
            fetched->keys[token][column] = column < columns ? from[keyAt] : 0.0f;
            fetched->queries[token][column] = column < columns ? from[queryAt] : 0.0f;
        }

        for (int i = threadIdx.x; i < count * TILE; i += blockDim.x)
        {
            int token = i / TILE, r = firstRow + i % TILE;
            fetched->values[token][i % TILE] = r < rows ? inputs[(long long)(sequence.token + first + token) * ld + valueAt + head * rows + r] : 0.0f;
        }

        if ((int)threadIdx.x < count)
            fetched->rates[threadIdx.x] = rates[(long long)(sequence.token + first + threadIdx.x) * heads + head];
        __syncthreads();
        for (int token = 0; token < count; token++)
        {
            float rate = fetched->rates[token].x, decay = fetched->rates[token].y, value = fetched->values[token][row - firstRow], recalled = 0.0f, output = 0.0f;
            const float* key = fetched->keys[token] + 4 * lane;
            const float* query = fetched->queries[token] + 4 * lane;
            if (RECALLS)
            {
#pragma unroll
                for (int i = 0; i < OWN; i++)
                {
                    s[i] *= decay;
                    recalled = fmaf(s[i], key[i / 4 * 16 + i % 4], recalled);
                }

                recalled = row_sum(recalled);
            }

            float moved = rate * (value - recalled);
#pragma unroll
            for (int i = 0; i < OWN; i++)
            {
                s[i] = fmaf(key[i / 4 * 16 + i % 4], moved, RECALLS ? s[i] : s[i] * decay);
                output = fmaf(s[i], query[i / 4 * 16 + i % 4], output);
            }

            output = row_sum(output);
            if (lane == 0 && row < rows)
                outputs[(long long)(sequence.token + first + token) * ldo + head * rows + row] = skip ? fmaf(skip[head], value, output) : output;
            bool spared = sequence.spare >= 0 && first + token == sequence.after - 1, last = first + token == sequence.tokens - 1;
            if (!spared && !last)
                continue;
#pragma unroll
            for (int i = 0; i < OWN / 4; i++)
            {
                int column = 16 * i + 4 * lane;
                if (row >= rows || column >= columns)
                    continue;
                uint4 v = make_uint4(
                    __float_as_uint(s[4 * i]), __float_as_uint(s[4 * i + 1]), __float_as_uint(s[4 * i + 2]), __float_as_uint(s[4 * i + 3]));
                if (spared)
                    *(uint4*)(states + sequence.spare * stateFloats + at + column) = v;
                if (last)
                    *(uint4*)(states + sequence.slot * stateFloats + at + column) = v;
            }
        }
    }
}

#define RECUR(name, COLUMNS, RECALLS)                                                                                                               \
    extern "C" __global__ void __launch_bounds__(128) name(                                                                                         \
        const float* __restrict__ inputs, int ld, int keyAt, int queryAt, int valueAt, const float2* __restrict__ rates,                            \
        const float* __restrict__ skip, const Sequence* __restrict__ sequences, float* states, long long stateFloats, long long headsOffset,        \
        float* __restrict__ outputs, int ldo, int heads, int keyHeads, int neighbours, int rows, int columns)                                       \
    {                                                                                                                                               \
        __shared__ Fetched<COLUMNS> fetched;                                                                                                        \
        recur<COLUMNS, RECALLS>(                                                                                                                    \
            inputs, ld, keyAt, queryAt, valueAt, rates, skip, sequences, states, stateFloats, headsOffset, outputs, ldo, heads, keyHeads,           \
            neighbours, rows, columns, &fetched);                                                                                                   \
    }                                                                                                                                               \
    EXPORT_KERNEL(name)

RECUR(delta_64, 64, true)
RECUR(delta_128, 128, true)
RECUR(delta_256, 256, true)
RECUR(mamba_64, 64, false)
RECUR(mamba_128, 128, false)
RECUR(mamba_256, 256, false)

// The sum of the squares of what norm_gate normalises, over a block: of size values, gated first where gatesFirst is not 0.
DEVICE float squares_of(const float* x, const float* gate, int size, int gatesFirst, float* shared)
{
    float squares = 0;
    for (int i = threadIdx.x; i < size; i += blockDim.x)
    {
        float v = gatesFirst ? x[i] * silu(gate[i]) : x[i];
        squares += v * v;
    }

    return block_sum(squares, shared);
}

// output (tokens, ldo) halves = outputs (tokens, width), normalised in groups of size values and times silu(gate); zeros from width on. gates (tokens, ld).
// The gate is applied first where gatesFirst is not 0, and gains are (width); else last, and gains are (size). Where totals is there, a group is a part of one of
// count values, whose squares' sum it is, (tokens, totalsLd); else count is size. Grid: (groups, tokens); a block of whole warps.
extern "C" __global__ void norm_gate(
    const float* __restrict__ outputs, const float* __restrict__ gates, int ld, const float* __restrict__ gains, unsigned short* __restrict__ output, int ldo, int width,
    int size, int gatesFirst, const float* __restrict__ totals, int totalsLd, int count, float epsilon)
{
    take_turn();
    __shared__ float shared[32];
    int first = blockIdx.x * size;
    const float* x = outputs + (long long)blockIdx.y * width + first;
    const float* gate = gates + (long long)blockIdx.y * ld + first;
    float squares = totals ? totals[(long long)blockIdx.y * totalsLd] : squares_of(x, gate, size, gatesFirst, shared);
    float scale = 1.0f / sqrtf(squares / (float)count + epsilon);
    unsigned short* target = output + (long long)blockIdx.y * ldo;
    for (int i = threadIdx.x; i < size; i += blockDim.x)
        target[first + i] = float_to_half(clamp_half(x[i] * silu(gate[i]) * scale * gains[gatesFirst ? first + i : i]));
    for (int i = width + threadIdx.x; blockIdx.x == gridDim.x - 1 && i < ldo; i += blockDim.x)
        target[i] = 0;
}
EXPORT_KERNEL(norm_gate)

// squares (tokens, lds): of the number group what outputs (tokens, width), gated first by gates (tokens, ld), have of its sum; 0 of all others, which other GPUs have.
// Grid: (tokens); a block of whole warps.
extern "C" __global__ void gated_squares(
    const float* __restrict__ outputs, const float* __restrict__ gates, int ld, int width, float* __restrict__ squares, int lds, int group)
{
    take_turn();
    __shared__ float shared[32];
    float sum = squares_of(outputs + (long long)blockIdx.x * width, gates + (long long)blockIdx.x * ld, width, 1, shared);
    for (int i = threadIdx.x; i < lds; i += blockDim.x)
        squares[(long long)blockIdx.x * lds + i] = i == group ? sum : 0.0f;
}
EXPORT_KERNEL(gated_squares)
