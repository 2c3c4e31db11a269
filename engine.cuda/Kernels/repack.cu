// From rows as they lie in a GGUF file to the tiles of packed.cuh. A thread makes what one lane of a matrix product reads of one tile.
#include "packed.cuh"

// Numbers of the types as GGUF has them.
#define GGUF_F32 0
#define GGUF_F16 1
#define GGUF_Q4_0 2
#define GGUF_Q4_1 3
#define GGUF_Q5_0 6
#define GGUF_Q5_1 7
#define GGUF_Q8_0 8
#define GGUF_Q4_K 12
#define GGUF_Q5_K 13
#define GGUF_Q6_K 14
#define GGUF_BF16 30
#define GGUF_MXFP4 39

// Six bits each of scale and minimum of group 0 to 7 of a block of 256.
DEVICE void group_of_k(const unsigned char* groups, int group, int& scale, int& minimum)
{
    if (group < 4)
    {
        scale = groups[group] & 63;
        minimum = groups[group + 4] & 63;
    }
    else
    {
        scale = (groups[group + 4] & 15) | (groups[group - 4] >> 6) << 4;
        minimum = (groups[group + 4] >> 4) | (groups[group] >> 6) << 4;
    }
}

// Eight neighbouring values of a row, column a multiple of 8: whole numbers q with a scale and an offset, or values for the types that are not quantised.
struct Eight
{
    int q[8];
    float values[8];
    float scale;
    float offset;
};

DEVICE void read_eight(int type, const unsigned char* row, int column, Eight& e)
{
    e.offset = 0;
    switch (type)
    {
        case GGUF_F32:
            for (int i = 0; i < 8; i++)
            {
                const unsigned char* p = row + 4ll * (column + i);
                e.values[i] = __uint_as_float(half_bits(p) | half_bits(p + 2) << 16);
            }
            break;
        case GGUF_F16:
            for (int i = 0; i < 8; i++)
                e.values[i] = half_at(row + 2ll * (column + i));
            break;
        case GGUF_BF16:
            for (int i = 0; i < 8; i++)
                e.values[i] = brain_to_float((unsigned short)half_bits(row + 2ll * (column + i)));
            break;
        case GGUF_Q8_0:
        {
            const unsigned char* block = row + column / 32 * 34ll;
            e.scale = half_at(block);
            for (int i = 0; i < 8; i++)
                e.q[i] = (int)(signed char)block[2 + column % 32 + i];
            break;
        }
        case GGUF_Q4_0:
        case GGUF_Q4_1:
        {
            int head = type == GGUF_Q4_0 ? 2 : 4, at = column % 32;
            const unsigned char* block = row + column / 32 * (16ll + head);
            e.scale = half_at(block);
            if (type == GGUF_Q4_1)
                e.offset = half_at(block + 2);
            for (int i = 0; i < 8; i++)
                e.q[i] = block[head + at % 16 + i] >> (at < 16 ? 0 : 4) & 15;
            break;
        }
        case GGUF_Q5_0:
        case GGUF_Q5_1:
        {
            int head = type == GGUF_Q5_0 ? 2 : 4, at = column % 32;
            const unsigned char* block = row + column / 32 * (20ll + head);
            unsigned fifth = half_bits(block + head) | half_bits(block + head + 2) << 16;
            e.scale = half_at(block);
            e.offset = type == GGUF_Q5_1 ? half_at(block + 2) : -16.0f * e.scale;
            for (int i = 0; i < 8; i++)
                e.q[i] = (block[head + 4 + at % 16 + i] >> (at < 16 ? 0 : 4) & 15) | (int)(fifth >> (at + i) & 1) << 4;
            break;
        }
        case GGUF_Q4_K:
        case GGUF_Q5_K:
        {
            bool five = type == GGUF_Q5_K;
            int at = column % 256, scale, minimum;
            const unsigned char* block = row + column / 256 * (five ? 176ll : 144ll);
            const unsigned char* packed = block + (five ? 48 : 16) + at / 64 * 32 + at % 32;
            group_of_k(block + 4, at / 32, scale, minimum);
            e.scale = half_at(block) * (float)scale;
            e.offset = -half_at(block + 2) * (float)minimum;
            for (int i = 0; i < 8; i++)
            {
                e.q[i] = packed[i] >> (at % 64 < 32 ? 0 : 4) & 15;
                if (five)
                    e.q[i] |= (block[16 + at % 32 + i] >> (at / 32) & 1) << 4;
            }
            break;
        }
        case GGUF_MXFP4:
        {
            int at = column % 32;
            const unsigned char* block = row + column / 32 * 17ll;
            e.scale = __uint_as_float((unsigned)block[0] << 23); // 2^(that - 127)
            for (int i = 0; i < 8; i++)
                e.q[i] = block[1 + at % 16 + i] >> (at < 16 ? 0 : 4) & 15;
            break;
        }
        default: // Q6_K
        {
            int at = column % 256, part = at / 128, inPart = at % 128;
            const unsigned char* block = row + column / 256 * 210ll;
            e.scale = half_at(block + 208) * (float)(signed char)block[192 + at / 16];
            for (int i = 0; i < 8; i++)
            {
                int low = block[64 * part + inPart % 64 + i] >> (inPart < 64 ? 0 : 4) & 15;
                int high = block[128 + 32 * part + inPart % 32 + i] >> (inPart / 32 * 2) & 3;
                e.q[i] = low | high << 4;
            }
            break;
        }
    }
}

// source: rows of a file's tensor, rowBytes apart, of which columns are taken in runs of as many as run says: the first begins at firstColumn, each other one stride behind
// the one before; all three are multiples of 8, and of 32 for quantised types. target: the matrix's tiles, from row firstRow on. firstRow and the rows of a launch are whole
// tiles but for the last. Grid: threads for every (tile row of the launch, step, lane).
extern "C" __global__ void repack(
    const unsigned char* __restrict__ source, unsigned char* __restrict__ target, int type, int format, int rows, int columns, int firstRow, int steps,
    long long rowBytes, int firstColumn, int run, int stride)
{
    take_turn();
    long long index = (long long)blockIdx.x * blockDim.x + threadIdx.x;
    int lane = (int)(index & 31), g = lane / 4, t = lane % 4;
    long long tile = index >> 5;
    int step = (int)(tile % steps);
    int tileRow = (int)(tile / steps);
    if (tileRow * TILE_ROWS >= rows)
        return;

    unsigned char* chunk = target + ((long long)(firstRow / TILE_ROWS + tileRow) * steps + step) * chunk_bytes(format);
    unsigned fifth = 0;
    for (int h = 0; h < 2; h++)
    {
        unsigned upper = 0, scales = 0, offsets = 0;
        for (int rowHalf = 0; rowHalf < 2; rowHalf++)
        {
            Eight e;
            int row = tileRow * TILE_ROWS + rowHalf * 8 + g, column = step * TILE_COLUMNS + h * 32 + t * 8;
            bool there = row < rows && column < columns;
            if (there)
                read_eight(type, source + row * rowBytes, firstColumn + column / run * stride + column % run, e);
            if (format == FORMAT_F16)
            {
                unsigned* p = (unsigned*)(chunk + (h * 2 + rowHalf) * 512 + lane * 16);
                for (int i = 0; i < 4; i++)
                    p[i] = there ? pack_half2(clamp_half(e.values[2 * i]), clamp_half(e.values[2 * i + 1])) : 0;
                continue;
            }

            unsigned scale = there ? float_to_half(clamp_half(e.scale)) : 0;
            unsigned offset = there ? float_to_half(clamp_half(e.offset)) : 0;
            scales |= scale << (16 * rowHalf);
            offsets |= offset << (16 * rowHalf);
            if (format == FORMAT_Q8)
            {
                unsigned char* p = chunk + h * 512 + lane * 16 + rowHalf * 8;
                for (int i = 0; i < 8; i++)
                    p[i] = there ? (unsigned char)(e.q[i] + 128) : 128;
                continue;
            }

            unsigned low = 0;
            for (int i = 0; i < 8; i++)
            {
                int q = there ? e.q[i] : 0, p = i / 2, side = i % 2 * 16;
                low |= (unsigned)(q & 15) << (4 * p + side);
                fifth |= (unsigned)(q >> 4 & 1) << (8 * h + 4 * rowHalf + p + side);
                upper |= (unsigned)(q >> 4 & 3) << (2 * (4 * rowHalf + p) + side);
            }

            *(unsigned*)(chunk + lane * 16 + (h * 2 + rowHalf) * 4) = low;
        }

        if (format == FORMAT_Q8 && t == 0)
            *(unsigned*)(chunk + 1024 + (g * 2 + h) * 4) = scales;
        if ((format == FORMAT_Q4 || format == FORMAT_FP4) && t == 0)
            *(unsigned*)(chunk + 512 + (g * 2 + h) * 4) = scales;
        if ((format == FORMAT_Q4M || format == FORMAT_Q5M) && t == 0)
        {
            *(unsigned*)(chunk + 512 + g * 16 + h * 4) = scales;
            *(unsigned*)(chunk + 512 + g * 16 + 8 + h * 4) = offsets;
        }

        if (format == FORMAT_Q6)
        {
            *(unsigned*)(chunk + 512 + h * 128 + lane * 4) = upper;
            if (t % 2 == 0)
                *(unsigned*)(chunk + 768 + ((t / 2 * 8 + g) * 2 + h) * 4) = scales;
        }
    }

    if (format == FORMAT_Q5M)
        *(unsigned*)(chunk + 640 + lane * 4) = fifth;
}
EXPORT_KERNEL(repack)

// output (count, stride): rows ids of a packed matrix as floats, times scale; a negative id is taken from drawn (, 2) of row ~id. Grid: (count). Also gathers embeddings.
extern "C" __global__ void gather_rows(
    const unsigned char* __restrict__ weights, int format, int steps, int columns, const int* __restrict__ ids, const int* __restrict__ drawn,
    float* __restrict__ output, int stride, float scale)
{
    take_turn();
    int id = ids[blockIdx.x];
    if (id < 0)
        id = drawn[2 * ~id];
    for (int column = threadIdx.x * 8; column < columns; column += blockDim.x * 8)
    {
        float values[8];
        unpack_eight(format, weights, steps, id, column, values);
        for (int i = 0; i < 8 && column + i < columns; i++)
            output[(long long)blockIdx.x * stride + column + i] = values[i] * scale;
    }
}
EXPORT_KERNEL(gather_rows)

// Fills chunks with numbers that mean nothing but have the size of weights, for measurements without a model. words: 32 bits each. Grid: threads for all words.
extern "C" __global__ void fill_random(unsigned* __restrict__ weights, int format, long long words, unsigned seed)
{
    take_turn();
    long long i = (long long)blockIdx.x * blockDim.x + threadIdx.x;
    if (i >= words)
        return;
    unsigned r = (unsigned)i * 2654435761u + seed;
    r = (r ^ (r >> 15)) * 2246822519u;
    r = (r ^ (r >> 13)) * 3266489917u;
    r ^= r >> 16;
    int byte = (int)(i * 4 % chunk_bytes(format));
    bool scale = format == FORMAT_Q8 ? byte >= 1024 : format == FORMAT_Q6 ? byte >= 768 : format != FORMAT_F16 && byte >= 512 && byte < 640;
    bool offset = scale && (format == FORMAT_Q4M || format == FORMAT_Q5M) && byte % 16 >= 8;
    weights[i] = format == FORMAT_F16 ? (r & 0x83ff83ffu) | 0x1c001c00u // about 1/256
        : offset                      ? 0xa000a000u                    // -1/128
        : scale                       ? 0x14001400u                    // 1/1024
                                      : r;
}
EXPORT_KERNEL(fill_random)
