// y (N, M) = alpha * x (N, K) W^T, or y += that, for a packed matrix W (M, K) and rows x of halves. One kernel serves decode and prefill: a warp multiplies
// RT tile rows of weights, straight from device memory to registers, with NT times 8 rows of x by tensor cores, over its share of K; the warps of a block that
// share rows then add their sums up in order. Sums thus do not depend on how many rows of x there are.
//
// The order of columns within a tile does not matter to a sum, so that a lane takes eight neighbouring columns, of which each product of 16 columns has four.
#pragma once
#include "packed.cuh"

// What a lane reads of a chunk.
template <int FORMAT>
struct Lane;

// a & mask | bits, in one instruction.
DEVICE unsigned masked_or(unsigned a, unsigned mask, unsigned bits)
{
#ifdef __CUDA_ARCH__
    unsigned r;
    asm("lop3.b32 %0, %1, %2, %3, 0xea;" : "=r"(r) : "r"(a), "r"(mask), "r"(bits));
    return r;
#else
    return (a & mask) | bits;
#endif
}

// Pair p of four of a row's eight numbers, less ZERO, as halves. Four bits under 0x6400 are the half 1024 + q, or, where they lie four bits further up, 1024 + 16 q:
// the first has 1024 + ZERO taken away, the second is multiplied by 1/16 before; neither rounds. bits: upper ones of the numbers, at 4 (p even) or 8 (p odd) of each
// half.
template <int ZERO>
DEVICE unsigned pair_of(unsigned low, int p, unsigned bits)
{
    unsigned x = p < 2 ? low : low >> 8;
    return p % 2 == 0
        ? half2_sub(masked_or(x, 0x000f000fu, bits | 0x64006400u), ZERO == 0 ? 0x64006400u : ZERO == 8 ? 0x64086408u : 0x64206420u)
        : half2_fma(masked_or(x, 0x00f000f0u, bits | 0x64006400u), 0x2c002c00u, ZERO == 0 ? 0xd400d400u : ZERO == 8 ? 0xd480d480u : 0xd600d600u);
}

// Moves bits from one place to another.
DEVICE unsigned moved(unsigned bits, int from, int to) { return from < to ? bits << (to - from) : bits >> (from - to); }

DEVICE unsigned both(unsigned scales, int rowHalf) { return rowHalf == 0 ? __byte_perm(scales, 0, 0x1010) : __byte_perm(scales, 0, 0x3232); }

template <>
struct Lane<FORMAT_F16>
{
    uint4 values[4];

    __device__ __forceinline__ void load(const unsigned char* chunk, int lane)
    {
#pragma unroll
        for (int i = 0; i < 4; i++)
            values[i] = load_once_128(chunk + i * 512 + lane * 16);
    }

    // The eight halves of one row: half h of the columns, rowHalf of the rows.
    __device__ __forceinline__ void unpack(int h, int rowHalf, unsigned* pairs) const
    {
        uint4 v = values[h * 2 + rowHalf];
        pairs[0] = v.x;
        pairs[1] = v.y;
        pairs[2] = v.z;
        pairs[3] = v.w;
    }
};

template <>
struct Lane<FORMAT_Q8>
{
    uint4 numbers[2];
    uint2 scales;

    __device__ __forceinline__ void load(const unsigned char* chunk, int lane)
    {
        numbers[0] = load_once_128(chunk + lane * 16);
        numbers[1] = load_once_128(chunk + 512 + lane * 16);
        scales = load_once_64(chunk + 1024 + lane / 4 * 8);
    }

    // A byte u under 0x64 is the half 1024 + u.
    __device__ __forceinline__ void unpack(int h, int rowHalf, unsigned* pairs) const
    {
        unsigned first = rowHalf == 0 ? numbers[h].x : numbers[h].z, second = rowHalf == 0 ? numbers[h].y : numbers[h].w;
        unsigned scale = both(h == 0 ? scales.x : scales.y, rowHalf);
        pairs[0] = half2_mul(half2_sub(__byte_perm(first, 0x64646464u, 0x4140), 0x64806480u), scale);
        pairs[1] = half2_mul(half2_sub(__byte_perm(first, 0x64646464u, 0x4342), 0x64806480u), scale);
        pairs[2] = half2_mul(half2_sub(__byte_perm(second, 0x64646464u, 0x4140), 0x64806480u), scale);
        pairs[3] = half2_mul(half2_sub(__byte_perm(second, 0x64646464u, 0x4342), 0x64806480u), scale);
    }
};

DEVICE unsigned word(uint4 v, int i) { return i == 0 ? v.x : i == 1 ? v.y : i == 2 ? v.z : v.w; }

template <>
struct Lane<FORMAT_Q4>
{
    uint4 numbers;
    uint2 scales;

    __device__ __forceinline__ void load(const unsigned char* chunk, int lane)
    {
        numbers = load_once_128(chunk + lane * 16);
        scales = load_once_64(chunk + 512 + lane / 4 * 8);
    }

    __device__ __forceinline__ void unpack(int h, int rowHalf, unsigned* pairs) const
    {
        unsigned low = word(numbers, h * 2 + rowHalf), scale = both(h == 0 ? scales.x : scales.y, rowHalf);
#pragma unroll
        for (int p = 0; p < 4; p++)
            pairs[p] = half2_mul(pair_of<8>(low, p, 0), scale);
    }
};

// Pair p of four of a row's eight numbers of FP4 as halves, 2^-14 times as large: see fp4_to_float.
DEVICE unsigned fp4_pair(unsigned low, int p)
{
    return masked_or(p < 3 ? low << (9 - 4 * p) : low >> 3, 0x0e000e00u, low << (12 - 4 * p) & 0x80008000u);
}

// A scale can be a power of two that times 2^14 is no half.
template <>
struct Lane<FORMAT_FP4>
{
    uint4 numbers;
    uint2 scales;

    __device__ __forceinline__ void load(const unsigned char* chunk, int lane)
    {
        numbers = load_once_128(chunk + lane * 16);
        scales = load_once_64(chunk + 512 + lane / 4 * 8);
    }

    __device__ __forceinline__ void unpack(int h, int rowHalf, unsigned* pairs) const
    {
        unsigned low = word(numbers, h * 2 + rowHalf), scale = both(h == 0 ? scales.x : scales.y, rowHalf);
#pragma unroll
        for (int p = 0; p < 4; p++)
            pairs[p] = half2_mul(half2_mul(fp4_pair(low, p), 0x74007400u), scale);
    }
};

template <>
struct Lane<FORMAT_Q4M>
{
    uint4 numbers;
    uint4 scales;

    __device__ __forceinline__ void load(const unsigned char* chunk, int lane)
    {
        numbers = load_once_128(chunk + lane * 16);
        scales = load_once_128(chunk + 512 + lane / 4 * 16);
    }

    __device__ __forceinline__ void unpack(int h, int rowHalf, unsigned* pairs) const
    {
        unsigned low = word(numbers, h * 2 + rowHalf), scale = both(word(scales, h), rowHalf), offset = both(word(scales, 2 + h), rowHalf);
#pragma unroll
        for (int p = 0; p < 4; p++)
            pairs[p] = half2_fma(pair_of<0>(low, p, 0), scale, offset);
    }
};

template <>
struct Lane<FORMAT_Q5M>
{
    uint4 numbers;
    uint4 scales;
    unsigned fifth;

    __device__ __forceinline__ void load(const unsigned char* chunk, int lane)
    {
        numbers = load_once_128(chunk + lane * 16);
        scales = load_once_128(chunk + 512 + lane / 4 * 16);
        fifth = load_once_32(chunk + 640 + lane * 4);
    }

    __device__ __forceinline__ void unpack(int h, int rowHalf, unsigned* pairs) const
    {
        unsigned low = word(numbers, h * 2 + rowHalf), scale = both(word(scales, h), rowHalf), offset = both(word(scales, 2 + h), rowHalf);
#pragma unroll
        for (int p = 0; p < 4; p++)
        {
            int at = p % 2 == 0 ? 4 : 8;
            unsigned bits = masked_or(moved(fifth, 8 * h + 4 * rowHalf + p, at), 0x00010001u << at, 0x64006400u);
            pairs[p] = half2_fma(pair_of<0>(low, p, bits), scale, offset);
        }
    }
};

template <>
struct Lane<FORMAT_Q6>
{
    uint4 numbers;
    unsigned upper[2];
    uint2 scales;

    __device__ __forceinline__ void load(const unsigned char* chunk, int lane)
    {
        numbers = load_once_128(chunk + lane * 16);
        upper[0] = load_once_32(chunk + 512 + lane * 4);
        upper[1] = load_once_32(chunk + 640 + lane * 4);
        scales = load_once_64(chunk + 768 + (lane % 4 / 2 * 8 + lane / 4) * 8);
    }

    __device__ __forceinline__ void unpack(int h, int rowHalf, unsigned* pairs) const
    {
        unsigned low = word(numbers, h * 2 + rowHalf), scale = both(h == 0 ? scales.x : scales.y, rowHalf);
#pragma unroll
        for (int p = 0; p < 4; p++)
        {
            int at = p % 2 == 0 ? 4 : 8;
            unsigned bits = masked_or(moved(upper[h], 2 * (4 * rowHalf + p), at), 0x00030003u << at, 0x64006400u);
            pairs[p] = half2_mul(pair_of<32>(low, p, bits), scale);
        }
    }
};

#define WARPS 8

// Rows of x that each go to one of several matrices, all of one shape and one after the other: works (blocks of rows) are (matrix, first, count, 0) of order, which
// holds rows of y; row r of y is of row r / share of x. bias (matrix, M) is added to sums, where they are gated to those of the first matrix, upBias to those of the
// second; each may be null.
struct Sorted
{
    const uint4* works;
    const int* order;
    int share;
    long long matrixBytes;
    const float* bias;
    const float* upBias;

    // Part of a work; each call reads it, so that no register holds it meanwhile, past a cache in which it may be that of a layer before.
    __device__ __forceinline__ int work(int part) const { return __float_as_int(load_fresh_32((const float*)(works + blockIdx.y) + part)); }
};

// Tiles that are fetched into the second-level cache at once; two such runs are ahead of the loads.
#define FETCH_STEPS 4

// Has the second-level cache fetch what the warp will read.
DEVICE void fetch_ahead(const unsigned char* from, int bytes, int lane)
{
#ifdef __CUDA_ARCH__
    for (int at = lane * 128; at < bytes; at += 4096)
        asm volatile("prefetch.global.L2 [%0];" ::"l"(from + at));
#endif
}

// A block has 8 warps; those with the same warp / shares take the same rows, a share of K each; shares is 1, 2, 4 or 8. Grid: (blocks of 8 / shares * RT tile rows,
// blocks of 8 NT rows of x, parts of K): where there are several parts, each writes sums of its own, (part, N, ldy), for sum_parts. x has zeros in the columns
// beyond K. GATED: the matrix is two of M rows each, one under the other, M a multiple of 16; a warp takes the same tile row of both (RT is 2), and halves
// (N, ldy) = gated(activation, first, second) * alpha are written instead of y. SORTED: the second dimension of the grid is works of sorted instead, a part of K takes all of it,
// and N is not used; a work of no rows ends at once.
template <int FORMAT, int NT, int RT, int AHEAD, bool GATED, bool SORTED = false>
DEVICE void multiply(
    const unsigned char* __restrict__ weights, const unsigned short* __restrict__ x, float* __restrict__ y, unsigned short* __restrict__ halves, int M, int N, int steps,
    int ldx, int ldy, int shares, float alpha, int accumulate, int activation = 0, Sorted sorted = {})
{
    let_next_begin();
    __shared__ float sums[GATED ? 2 : 1][WARPS][NT * 4][32];
    int warp = threadIdx.x >> 5, lane = threadIdx.x & 31, g = lane >> 2, t = lane & 3;
    int shift = shares == 8 ? 3 : shares == 4 ? 2 : shares == 2 ? 1 : 0;
    int tileRows = (M + TILE_ROWS - 1) / TILE_ROWS;
    int firstTile = ((blockIdx.x * WARPS + warp) >> shift) * (GATED ? 1 : RT);
    int share = warp & (shares - 1);
    int part = SORTED ? 0 : blockIdx.z, parts = SORTED ? 1 : gridDim.z;
    int begin = parts == 1 ? steps * share >> shift : (steps * part / parts) + ((steps * (part + 1) / parts - steps * part / parts) * share >> shift);
    int end = parts == 1 ? steps * (share + 1) >> shift : (steps * part / parts) + ((steps * (part + 1) / parts - steps * part / parts) * (share + 1) >> shift);
    if (parts > 1)
        y += (long long)part * N * ldy;
    int firstRow = blockIdx.y * NT * 8;
    if constexpr (SORTED)
    {
        // Which weights are wanted is known when the kernels ahead have ended.
        wait_for_previous();
        int count = sorted.work(2);
        if (count == 0)
            return;
        weights += (long long)sorted.work(0) * sorted.matrixBytes;
        firstRow = sorted.work(1);
        N = firstRow + count;
    }

    // A tile row that the matrix lacks reads the last one, so that all lanes of a warp go the same way; its sums are not stored. Nor are those of rows that x lacks.
    const unsigned char* tiles[RT];
#pragma unroll
    for (int r = 0; r < RT; r++)
    {
        tiles[r] = weights + (long long)(GATED ? min(firstTile, tileRows - 1) + r * tileRows : min(firstTile + r, tileRows - 1)) * steps * chunk_bytes(FORMAT);
        fetch_ahead(tiles[r] + (long long)begin * chunk_bytes(FORMAT), min(end - begin, 2 * FETCH_STEPS) * chunk_bytes(FORMAT), lane);
    }

    // Of sorted rows only how far they are into x, which takes half the registers.
    const unsigned short* xs[NT];
    unsigned from[NT];
#pragma unroll
    for (int n = 0; n < NT; n++)
    {
        int row = min(firstRow + n * 8 + g, N - 1);
        xs[n] = x + (long long)row * ldx + t * 8;
        if constexpr (SORTED)
            from[n] = (unsigned)(sorted.order[row] / sorted.share) * ldx + t * 8;
    }

    float c[RT][NT][4];
#pragma unroll
    for (int r = 0; r < RT; r++)
#pragma unroll
        for (int n = 0; n < NT; n++)
            c[r][n][0] = c[r][n][1] = c[r][n][2] = c[r][n][3] = 0.0f;

    Lane<FORMAT> ahead[AHEAD][RT];
#pragma unroll
    for (int i = 0; i < AHEAD; i++)
#pragma unroll
        for (int r = 0; r < RT; r++)
            if (begin + i < end)
                ahead[i][r].load(tiles[r] + (long long)(begin + i) * chunk_bytes(FORMAT), lane);
    if constexpr (!SORTED)
        wait_for_previous();

    for (int first = begin; first < end; first += AHEAD)
    {
#pragma unroll
        for (int i = 0; i < AHEAD; i++)
        {
            int step = first + i;
            if (step >= end)
                break;
            if ((step - begin) % FETCH_STEPS == 0 && step + 2 * FETCH_STEPS < end)
#pragma unroll
                for (int r = 0; r < RT; r++)
                    fetch_ahead(
                        tiles[r] + (long long)(step + 2 * FETCH_STEPS) * chunk_bytes(FORMAT), min(end - step - 2 * FETCH_STEPS, FETCH_STEPS) * chunk_bytes(FORMAT), lane);
            unsigned upper[RT][2][4], lower[RT][2][4];
#pragma unroll
            for (int r = 0; r < RT; r++)
            {
#pragma unroll
                for (int h = 0; h < 2; h++)
                {
                    ahead[i][r].unpack(h, 0, upper[r][h]);
                    ahead[i][r].unpack(h, 1, lower[r][h]);
                }

                if (step + AHEAD < end)
                    ahead[i][r].load(tiles[r] + (long long)(step + AHEAD) * chunk_bytes(FORMAT), lane);
            }

#pragma unroll
            for (int h = 0; h < 2; h++)
#pragma unroll
                for (int n = 0; n < NT; n++)
                {
                    uint4 b = *(const uint4*)((SORTED ? x + from[n] : xs[n]) + step * TILE_COLUMNS + h * 32);
#pragma unroll
                    for (int r = 0; r < RT; r++)
                    {
                        mma_16816(c[r][n], upper[r][h][0], lower[r][h][0], upper[r][h][1], lower[r][h][1], b.x, b.y);
                        mma_16816(c[r][n], upper[r][h][2], lower[r][h][2], upper[r][h][3], lower[r][h][3], b.z, b.w);
                    }
                }
        }
    }

    if constexpr (SORTED)
    {
        firstRow = sorted.work(1);
        N = firstRow + sorted.work(2);
    }

    // Sums of the warps that share rows, in order; the threads of those warps part the values among them.
    int firstWarp = warp - share;
    if constexpr (GATED)
    {
#pragma unroll
        for (int r = 0; r < RT; r++)
#pragma unroll
            for (int n = 0; n < NT; n++)
#pragma unroll
                for (int j = 0; j < 4; j++)
                    sums[r][warp][n * 4 + j][lane] = c[r][n][j];
        __syncthreads();
        for (int i = share * 32 + lane; i < NT * 128; i += shares * 32)
        {
            int of = i & 31, value = i >> 5, n = value >> 2, j = value & 3;
            int row = firstTile * TILE_ROWS + (of >> 2) + (j >> 1) * 8;
            int column = firstRow + n * 8 + (of & 3) * 2 + (j & 1);
            if (row < M && column < N)
            {
                float gate = 0, up = 0;
                for (int s = 0; s < shares; s++)
                {
                    gate += sums[0][firstWarp + s][value][of];
                    up += sums[1][firstWarp + s][value][of];
                }

                if constexpr (SORTED)
                {
                    long long at = (long long)sorted.work(0) * M + row;
                    gate += sorted.bias ? sorted.bias[at] : 0.0f;
                    up += sorted.upBias ? sorted.upBias[at] : 0.0f;
                }

                halves[(long long)(SORTED ? sorted.order[column] : column) * ldy + row] = float_to_half(clamp_half(gated(activation, gate, up) * alpha));
            }
        }

    }
    else
    {
#pragma unroll
        for (int r = 0; r < RT; r++)
        {
            if (r > 0)
                __syncthreads();
#pragma unroll
            for (int n = 0; n < NT; n++)
#pragma unroll
                for (int j = 0; j < 4; j++)
                    sums[0][warp][n * 4 + j][lane] = c[r][n][j];
            __syncthreads();
            for (int i = share * 32 + lane; i < NT * 128; i += shares * 32)
            {
                int of = i & 31, value = i >> 5, n = value >> 2, j = value & 3;
                int row = (firstTile + r) * TILE_ROWS + (of >> 2) + (j >> 1) * 8;
                int column = firstRow + n * 8 + (of & 3) * 2 + (j & 1);
                if (row < M && column < N)
                {
                    float sum = 0;
                    for (int s = 0; s < shares; s++)
                        sum += sums[0][firstWarp + s][value][of];
                    float* target = y + (long long)(SORTED ? sorted.order[column] : column) * ldy + row;
                    if constexpr (SORTED)
                        *target = alpha * sum + (sorted.bias ? sorted.bias[(long long)sorted.work(0) * M + row] : 0.0f);
                    else
                        *target = accumulate ? *target + alpha * sum : alpha * sum;
                }
            }
        }
    }
}

// Tiles that a warp of unpack takes one after the other.
#define UNPACK_TILES 4

// output (16 tileRows, 64 steps) halves: rows of a packed matrix from tile row firstTile on, for products that take plain halves. Grid: warps for all tiles.
template <int FORMAT>
DEVICE void unpack(const unsigned char* __restrict__ weights, unsigned short* __restrict__ output, int firstTile, int tileRows, int steps)
{
    let_next_begin();
    int warp = threadIdx.x >> 5, lane = threadIdx.x & 31, g = lane >> 2, t = lane & 3;
    long long first = ((long long)blockIdx.x * WARPS + warp) * UNPACK_TILES, count = (long long)tileRows * steps;
    const unsigned char* from = weights + (long long)firstTile * steps * chunk_bytes(FORMAT);
    Lane<FORMAT> tiles[UNPACK_TILES];
#pragma unroll
    for (int i = 0; i < UNPACK_TILES; i++)
        if (first + i < count)
            tiles[i].load(from + (first + i) * chunk_bytes(FORMAT), lane);
    wait_for_previous();
#pragma unroll
    for (int i = 0; i < UNPACK_TILES; i++)
    {
        if (first + i >= count)
            break;
        long long row = (first + i) / steps * TILE_ROWS, column = (first + i) % steps * TILE_COLUMNS;
#pragma unroll
        for (int h = 0; h < 2; h++)
#pragma unroll
            for (int half = 0; half < 2; half++)
            {
                unsigned pairs[4];
                tiles[i].unpack(h, half, pairs);
                *(uint4*)(output + (row + half * 8 + g) * steps * TILE_COLUMNS + column + h * 32 + t * 8) = make_uint4(pairs[0], pairs[1], pairs[2], pairs[3]);
            }
    }
}

#define UNPACK(name, FORMAT)                                                                                                                        \
    extern "C" __global__ void __launch_bounds__(256) name(                                                                                         \
        const unsigned char* __restrict__ weights, unsigned short* __restrict__ output, int firstTile, int tileRows, int steps)                     \
    {                                                                                                                                               \
        unpack<FORMAT>(weights, output, firstTile, tileRows, steps);                                                                                \
    }                                                                                                                                               \
    EXPORT_KERNEL(name)

#define MULTIPLY_GATED(name, FORMAT, NT, AHEAD, BLOCKS)                                                                                             \
    extern "C" __global__ void __launch_bounds__(256, BLOCKS) name(                                                                                 \
        const unsigned char* __restrict__ weights, const unsigned short* __restrict__ x, unsigned short* __restrict__ output, int M, int N,         \
        int steps, int ldx, int ldo, int shares, float factor, int activation)                                                                      \
    {                                                                                                                                               \
        multiply<FORMAT, NT, 2, AHEAD, true>(weights, x, 0, output, M, N, steps, ldx, ldo, shares, factor, 0, activation);                          \
    }                                                                                                                                               \
    EXPORT_KERNEL(name)

#define MULTIPLY(name, FORMAT, NT, RT, AHEAD, BLOCKS)                                                                                                       \
    extern "C" __global__ void __launch_bounds__(256, BLOCKS) name(                                                                                         \
        const unsigned char* __restrict__ weights, const unsigned short* __restrict__ x, float* __restrict__ y, int M, int N, int steps, int ldx,   \
        int ldy, int shares, float alpha, int accumulate)                                                                                           \
    {                                                                                                                                               \
        multiply<FORMAT, NT, RT, AHEAD, false>(weights, x, y, 0, M, N, steps, ldx, ldy, shares, alpha, accumulate);                                          \
    }                                                                                                                                               \
    EXPORT_KERNEL(name)
