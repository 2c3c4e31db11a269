// What each layer is told of a token beside the residual stream, and what it makes of it.
#include "packed.cuh"

// What rows are brought to before they become halves, which no norm keeps in range.
#define EVEN_SIZE 64.0f

// output (count, ldo) halves = x's rows (, columns), each times EVEN_SIZE by its root mean square, zeros from columns to ldo; factors (count): what undoes it. Grid:
// (count); a block of whole warps.
extern "C" __global__ void even_rows(const float* __restrict__ x, unsigned short* __restrict__ output, float* __restrict__ factors, int columns, int ldo)
{
    take_turn();
    __shared__ float shared[32];
    const float* from = x + (long long)blockIdx.x * columns;
    float squares = 0;
    for (int i = threadIdx.x; i < columns; i += blockDim.x)
        squares += from[i] * from[i];
    float factor = fmaxf(sqrtf(block_sum(squares, shared) / (float)columns), 1e-20f) / EVEN_SIZE, scale = 1.0f / factor;
    for (int i = threadIdx.x; i < ldo; i += blockDim.x)
        output[(long long)blockIdx.x * ldo + i] = i < columns ? float_to_half(clamp_half(from[i] * scale)) : 0;
    if (threadIdx.x == 0)
        factors[blockIdx.x] = factor;
}
EXPORT_KERNEL(even_rows)

// told (tokens, layers, size) = (told * the token's factor) / rms * gain * sqrt(1 / 2) + a row of the tokens' packed matrix (layers * size) * sqrt(size / 2); norms are of a
// layer's values, size a multiple of 8. factors (tokens); ids as gather_rows takes them. Grid: (tokens, warps for all layers).
extern "C" __global__ void tell_layers(
    float* __restrict__ told, const float* __restrict__ factors, const float* __restrict__ gain, const unsigned char* __restrict__ weights, int format, int steps,
    const int* __restrict__ ids, const int* __restrict__ drawn, int layers, int size, float epsilon)
{
    take_turn();
    int layer = blockIdx.y * (blockDim.x >> 5) + (threadIdx.x >> 5), lane = threadIdx.x & 31, token = blockIdx.x;
    if (layer >= layers)
        return;
    int id = ids[token];
    if (id < 0)
        id = drawn[2 * ~id];
    float* x = told + ((long long)token * layers + layer) * size;
    float factor = factors[token], squares = 0;
    for (int i = lane; i < size; i += 32)
        squares += x[i] * factor * (x[i] * factor);
    float scale = factor * sqrtf(0.5f) / sqrtf(warp_sum(squares) / (float)size + epsilon), own = sqrtf((float)size * 0.5f);
    for (int i = lane * 8; i < size; i += 256)
    {
        float values[8];
        unpack_eight(format, weights, steps, id, layer * size + i, values);
        for (int k = 0; k < 8; k++)
            x[i + k] = x[i + k] * scale * gain[i + k] + values[k] * own;
    }
}
EXPORT_KERNEL(tell_layers)

// output (rows, ldo) halves = gelu(gate * the row's factor) * told * factor, zeros from columns to ldo. gate (rows, columns), factors (rows), told (rows, ld): a layer's
// values first. Grid: (blocks of columns, rows).
extern "C" __global__ void gate_told(
    const float* __restrict__ gate, const float* __restrict__ factors, const float* __restrict__ told, int ld, unsigned short* __restrict__ output, int columns, int ldo,
    float factor)
{
    take_turn();
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i >= ldo)
        return;
    long long row = blockIdx.y;
    float v = i < columns ? gated(ACTIVATION_GEGLU, gate[row * columns + i] * factors[row], told[row * ld + i]) * factor : 0.0f;
    output[row * ldo + i] = float_to_half(clamp_half(v));
}
EXPORT_KERNEL(gate_told)
