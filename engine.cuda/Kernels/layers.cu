// What stands between matrix products: norms, rotations, keys and values into their blocks, the feed-forward product, the likeliest token.
#include "rope.cuh"

// Of two floats.
DEVICE unsigned sum_bits(unsigned a, unsigned b) { return __float_as_uint(__uint_as_float(a) + __uint_as_float(b)); }

// Times four values of a row that a thread of rms_norm holds.
#define HELD 2

// output (count, ldo) halves = x's row / rms * gain, zeros from columns to ldo; also as floats (count, columns) where floats is not null. Row i is rows[i] of x
// (, columns), or i where rows is null. bias (columns), where it is not null, is added to rows of x before, which keep it: each row is then there once. Grid: (count); a
// block of whole warps.
extern "C" __global__ void rms_norm(
    float* __restrict__ x, const int* __restrict__ rows, const float* __restrict__ gain, const float* __restrict__ bias, unsigned short* __restrict__ output,
    float* __restrict__ floats, int columns, int ldo, float epsilon)
{
    let_next_begin();
    __shared__ float shared[32];

    // A row that the block holds in its registers is read once; the gains, which are weights, while another kernel still writes it.
    if (columns % 4 == 0 && !floats && ldo <= (int)blockDim.x * 4 * HELD)
    {
        uint4 values[HELD], gains[HELD], biases[HELD];
#pragma unroll
        for (int k = 0; k < HELD; k++)
        {
            int i = (k * blockDim.x + threadIdx.x) * 4;
            gains[k] = i < columns ? *(const uint4*)(gain + i) : make_uint4(0, 0, 0, 0);
            biases[k] = bias && i < columns ? *(const uint4*)(bias + i) : make_uint4(0, 0, 0, 0);
        }

        wait_for_previous();
        float* from = x + (long long)(rows ? rows[blockIdx.x] : (int)blockIdx.x) * columns;
        float squares = 0;
#pragma unroll
        for (int k = 0; k < HELD; k++)
        {
            int i = (k * blockDim.x + threadIdx.x) * 4;
            uint4 v = i < columns ? *(const uint4*)(from + i) : make_uint4(0, 0, 0, 0);
            if (bias)
            {
                v = make_uint4(sum_bits(v.x, biases[k].x), sum_bits(v.y, biases[k].y), sum_bits(v.z, biases[k].z), sum_bits(v.w, biases[k].w));
                if (i < columns)
                    *(uint4*)(from + i) = v;
            }

            values[k] = v;
            float a = __uint_as_float(v.x), b = __uint_as_float(v.y), c = __uint_as_float(v.z), d = __uint_as_float(v.w);
            squares += a * a + b * b + c * c + d * d;
        }

        float scale = 1.0f / sqrtf(block_sum(squares, shared) / (float)columns + epsilon);
#pragma unroll
        for (int k = 0; k < HELD; k++)
        {
            int i = (k * blockDim.x + threadIdx.x) * 4;
            uint4 v = values[k], w = gains[k];
            if (i < ldo)
                *(uint2*)(output + (long long)blockIdx.x * ldo + i) = make_uint2(
                    pack_half2(
                        clamp_half(__uint_as_float(v.x) * scale * __uint_as_float(w.x)), clamp_half(__uint_as_float(v.y) * scale * __uint_as_float(w.y))),
                    pack_half2(
                        clamp_half(__uint_as_float(v.z) * scale * __uint_as_float(w.z)), clamp_half(__uint_as_float(v.w) * scale * __uint_as_float(w.w))));
        }

        return;
    }

    wait_for_previous();
    float* from = x + (long long)(rows ? rows[blockIdx.x] : (int)blockIdx.x) * columns;
    float squares = 0;
    for (int i = threadIdx.x; i < columns; i += blockDim.x)
    {
        float v = from[i];
        if (bias)
            from[i] = v += bias[i];
        squares += v * v;
    }

    float scale = 1.0f / sqrtf(block_sum(squares, shared) / (float)columns + epsilon);
    for (int i = threadIdx.x; i < ldo; i += blockDim.x)
    {
        float v = i < columns ? from[i] * scale * gain[i] : 0.0f;
        output[(long long)blockIdx.x * ldo + i] = float_to_half(clamp_half(v));
        if (floats && i < columns)
            floats[(long long)blockIdx.x * columns + i] = v;
    }
}
EXPORT_KERNEL(rms_norm)

// output (count, ldo) halves: x's row / rms * xGain, then y's row / rms * yGain, zeros behind them. x, y (count, columns). Grid: (count, 2); a block of whole warps.
extern "C" __global__ void norm_pairs(
    const float* __restrict__ x, const float* __restrict__ y, const float* __restrict__ xGain, const float* __restrict__ yGain, unsigned short* __restrict__ output,
    int columns, int ldo, float epsilon)
{
    take_turn();
    __shared__ float shared[32];
    const float* from = (blockIdx.y ? y : x) + (long long)blockIdx.x * columns;
    const float* gain = blockIdx.y ? yGain : xGain;
    unsigned short* to = output + (long long)blockIdx.x * ldo + (blockIdx.y ? columns : 0);
    int end = blockIdx.y ? ldo - columns : columns;
    float squares = 0;
    for (int i = threadIdx.x; i < columns; i += blockDim.x)
        squares += from[i] * from[i];
    float scale = 1.0f / sqrtf(block_sum(squares, shared) / (float)columns + epsilon);
    for (int i = threadIdx.x; i < end; i += blockDim.x)
        to[i] = float_to_half(i < columns ? clamp_half(from[i] * scale * gain[i]) : 0.0f);
}
EXPORT_KERNEL(norm_pairs)

// x (count, columns) = factor times the sum of x, where adds is not 0, and branch's row / rms * gain. Grid: (count); a block of whole warps.
extern "C" __global__ void add_norm(
    const float* __restrict__ branch, const float* __restrict__ gain, float* __restrict__ x, int columns, float epsilon, int adds, float factor)
{
    take_turn();
    __shared__ float shared[32];
    const float* from = branch + (long long)blockIdx.x * columns;
    float squares = 0;
    for (int i = threadIdx.x; i < columns; i += blockDim.x)
        squares += from[i] * from[i];
    float scale = 1.0f / sqrtf(block_sum(squares, shared) / (float)columns + epsilon);
    float* to = x + (long long)blockIdx.x * columns;
    for (int i = threadIdx.x; i < columns; i += blockDim.x)
        to[i] = ((adds ? to[i] : 0.0f) + from[i] * scale * gain[i]) * factor;
}
EXPORT_KERNEL(add_norm)

// turns (count, half): cosine and sine of position * frequency, times magnitude. Grid: threads for all.
extern "C" __global__ void rope_angles(
    const int* __restrict__ positions, const double* __restrict__ frequencies, float2* __restrict__ turns, int count, int half, float magnitude)
{
    take_turn();
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i >= count * half)
        return;
    double sine, cosine;
    sincos((double)positions[i / half] * frequencies[i % half], &sine, &cosine);
    turns[i] = make_float2((float)cosine * magnitude, (float)sine * magnitude);
}
EXPORT_KERNEL(rope_angles)

// temperatures (count): what scores are multiplied by at a position, 1 + scale * log(1 + floor((position + offset) / length)). Grid: threads for all.
extern "C" __global__ void score_temperatures(const int* __restrict__ positions, float* __restrict__ temperatures, int count, int length, int offset, float scale)
{
    take_turn();
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i < count)
        temperatures[i] = 1.0f + scale * logf((float)(1 + (positions[i] + offset) / length));
}
EXPORT_KERNEL(score_temperatures)

// A warp takes one head of one token: bias, norm, rotation; queries go to queries (token, head, padded) as halves times scale, keys and values to their place in
// the cache. qkv (tokens, ld): query heads, key heads, value heads. bias (same) and norms (size) may be null. cells: block * 16 + slot of each token. Within a
// block, layerOffset bytes in: keys (kv head, slot, padded), then values. Columns from size to padded are zeros. turning: values of a head that turn,
// interleaved: neighbours together, else halves. temperatures (tokens) may be null: scale is times that for queries. valuesAt: the head in qkv that is the first value's,
// behind the keys or the first key; normalises: values are by their root mean square. With kvHeads 0, queries alone. Grid: (tokens, warps for all heads).
extern "C" __global__ void rope_store(
    const float* __restrict__ qkv, int ld, const float* __restrict__ bias, const float* __restrict__ queryNorm, const float* __restrict__ keyNorm,
    const float2* __restrict__ turns, const int* __restrict__ cells, unsigned short* __restrict__ queries, unsigned char* __restrict__ blocks,
    long long blockBytes, long long layerOffset, int heads, int kvHeads, int size, int padded, int turning, int interleaved, float epsilon, float scale,
    const float* __restrict__ temperatures, int valuesAt, int normalises)
{
    take_turn();
    int head = blockIdx.y * (blockDim.x >> 5) + (threadIdx.x >> 5), lane = threadIdx.x & 31, token = blockIdx.x;
    if (head >= heads + 2 * kvHeads)
        return;

    const float* x = qkv + (long long)token * ld + head * size;
    const float* biases = bias ? bias + head * size : 0;
    const float2* turn = turns + (long long)token * (turning / 2);
    if (head < heads)
        rope_head(x, biases, queryNorm, turn, queries + ((long long)token * heads + head) * padded, size, padded, turning, interleaved, epsilon,
            temperatures ? scale * temperatures[token] : scale, lane);
    else if (head < heads + kvHeads)
        rope_head(
            x, biases, keyNorm, turn, cell_of(blocks, blockBytes, layerOffset, cells[token], 0, head - heads, kvHeads, padded), size, padded, turning, interleaved, epsilon, 1.0f, lane);
    else
    {
        int kvHead = head - heads - kvHeads;
        const float* value = qkv + (long long)token * ld + (valuesAt + kvHead) * size;
        store_head(
            value, biases, cell_of(blocks, blockBytes, layerOffset, cells[token], 1, kvHead, kvHeads, padded), size, padded,
            normalises ? head_scale(value, biases, size, epsilon, lane) : 1.0f, lane);
    }
}
EXPORT_KERNEL(rope_store)

// x (rows, ldx) halves of columns *= sigmoid(gates (rows, ld)). Grid: (blocks of columns, rows).
extern "C" __global__ void gate_heads(unsigned short* __restrict__ x, int ldx, const float* __restrict__ gates, int ld, int columns)
{
    take_turn();
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i >= columns)
        return;
    long long row = blockIdx.y;
    x[row * ldx + i] = float_to_half(half_to_float(x[row * ldx + i]) / (1.0f + expf(-gates[row * ld + i])));
}
EXPORT_KERNEL(gate_heads)

// Rows of hidden (rows, padded) halves *= the sigmoid of x's row (, ldx) halves times share (columns). Grid: (rows); a block of whole warps.
extern "C" __global__ void share_rows(
    const unsigned short* __restrict__ x, int ldx, const float* __restrict__ share, int columns, unsigned short* __restrict__ hidden, int padded)
{
    take_turn();
    __shared__ float shared[32];
    const unsigned short* from = x + (long long)blockIdx.x * ldx;
    unsigned short* row = hidden + (long long)blockIdx.x * padded;
    float sum = 0;
    for (int i = threadIdx.x; i < columns; i += blockDim.x)
        sum += half_to_float(from[i]) * share[i];
    float factor = 1.0f / (1.0f + expf(-block_sum(sum, shared)));
    for (int i = threadIdx.x; i < padded; i += blockDim.x)
        row[i] = float_to_half(half_to_float(row[i]) * factor);
}
EXPORT_KERNEL(share_rows)

// output (rows, ld) halves = x's rows times factors (rows). Grid: (blocks of columns, rows).
extern "C" __global__ void scale_rows(const unsigned short* __restrict__ x, const float* __restrict__ factors, unsigned short* __restrict__ output, int ld)
{
    take_turn();
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    long long row = blockIdx.y;
    if (i < ld)
        output[row * ld + i] = float_to_half(clamp_half(half_to_float(x[row * ld + i]) * factors[row]));
}
EXPORT_KERNEL(scale_rows)

// The one function of FeedForwardActivation that needs no gate: max(up, 0)^2.
#define ACTIVATION_SQUARED_RELU 3

// output (rows, ldo) halves = gated(activation, gate, up) * factor, zeros from columns to ldo. gate and up (rows, ld). Grid: (blocks of columns, rows).
extern "C" __global__ void gate_product(
    const float* __restrict__ gate, const float* __restrict__ up, int ld, unsigned short* __restrict__ output, int columns, int ldo, float factor,
    int activation)
{
    take_turn();
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i >= ldo)
        return;
    long long row = blockIdx.y;
    float v = 0;
    if (i < columns)
    {
        v = up[row * ld + i];
        v = activation == ACTIVATION_SQUARED_RELU ? fmaxf(v, 0.0f) * fmaxf(v, 0.0f) : gated(activation, gate[row * ld + i], v);
    }

    output[row * ldo + i] = float_to_half(clamp_half(v * factor));
}
EXPORT_KERNEL(gate_product)

// The same of halves, of which infinite ones are the largest there are; columns is a multiple of 8. Grid: (blocks of 8 columns a thread, rows).
extern "C" __global__ void gate_halves(
    const unsigned short* __restrict__ gate, const unsigned short* __restrict__ up, int ld, unsigned short* __restrict__ output, int columns, int ldo, float factor,
    int activation)
{
    take_turn();
    int i = (blockIdx.x * blockDim.x + threadIdx.x) * 8;
    if (i >= ldo)
        return;
    long long row = blockIdx.y;
    uint4 result = make_uint4(0, 0, 0, 0);
    if (i < columns)
    {
        uint4 g = *(const uint4*)(gate + row * ld + i), u = *(const uint4*)(up + row * ld + i);
        unsigned gates[4] = {g.x, g.y, g.z, g.w}, ups[4] = {u.x, u.y, u.z, u.w}, pairs[4];
#pragma unroll
        for (int k = 0; k < 4; k++)
        {
            float low = gated(activation, clamp_half(half_to_float((unsigned short)gates[k])), clamp_half(half_to_float((unsigned short)ups[k])));
            float high = gated(activation, clamp_half(half_to_float((unsigned short)(gates[k] >> 16))), clamp_half(half_to_float((unsigned short)(ups[k] >> 16))));
            pairs[k] = pack_half2(clamp_half(low * factor), clamp_half(high * factor));
        }

        result = make_uint4(pairs[0], pairs[1], pairs[2], pairs[3]);
    }

    *(uint4*)(output + row * ldo + i) = result;
}
EXPORT_KERNEL(gate_halves)

// Each logit y (rows, columns) becomes cap * tanh(y / cap). Grid: (blocks of columns, rows).
extern "C" __global__ void cap_logits(float* __restrict__ logits, int columns, float cap)
{
    take_turn();
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i >= columns)
        return;
    float* y = logits + (long long)blockIdx.y * columns + i;
    *y = cap * (1.0f - 2.0f / (1.0f + expf(*y * (2.0f / cap))));
}
EXPORT_KERNEL(cap_logits)

// drawn (rows, 2): the index of the largest of each row's values (, columns), the lowest of equal ones; the bits of that value, NaN if any is. Grid: (rows); a
// block of whole warps.
extern "C" __global__ void argmax(const float* __restrict__ x, int* __restrict__ drawn, int columns)
{
    take_turn();
    __shared__ float values[32];
    __shared__ int indices[32];
    const float* row = x + (long long)blockIdx.x * columns;
    float value = -__uint_as_float(0x7f800000u);
    int index = 0x7fffffff;
    for (int i = threadIdx.x; i < columns; i += blockDim.x)
    {
        float v = row[i];
        if (v > value || (v != v && value == value) || index == 0x7fffffff)
        {
            value = v;
            index = i;
        }
    }

    for (int offset = 16; offset > 0; offset >>= 1)
    {
        float v = __shfl_xor_sync(ALL_LANES, value, offset);
        int i = __shfl_xor_sync(ALL_LANES, index, offset);
        if (v > value || (v != v && value == value) || (v == value && i < index))
        {
            value = v;
            index = i;
        }
    }

    if ((threadIdx.x & 31) == 0)
    {
        values[threadIdx.x >> 5] = value;
        indices[threadIdx.x >> 5] = index;
    }

    __syncthreads();
    if (threadIdx.x == 0)
    {
        for (int w = 1; w < (int)(blockDim.x >> 5); w++)
        {
            float v = values[w];
            if (v > value || (v != v && value == value) || (v == value && indices[w] < index))
            {
                value = v;
                index = indices[w];
            }
        }

        drawn[2 * blockIdx.x] = index;
        drawn[2 * blockIdx.x + 1] = __float_as_int(value);
    }
}
EXPORT_KERNEL(argmax)

// y (N, ldy) = alpha times the sum of parts (part, N, stride), in their order, or y += that; of M columns. Grid: (blocks of columns, N).
extern "C" __global__ void sum_parts(
    const float* __restrict__ parts, int count, int stride, float* __restrict__ y, int ldy, int M, float alpha, int accumulate)
{
    take_turn();
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i >= M)
        return;
    float sum = 0;
    for (int part = 0; part < count; part++)
        sum += parts[((long long)part * gridDim.y + blockIdx.y) * stride + i];
    float* target = y + (long long)blockIdx.y * ldy + i;
    *target = accumulate ? *target + alpha * sum : alpha * sum;
}
EXPORT_KERNEL(sum_parts)
