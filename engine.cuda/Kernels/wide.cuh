// y (N, M) = alpha * x (N, K) W^T for 17 rows of x and more, by Hopper's products of whole warp groups (compute capability 9.0 alone: its code is for sm_90a): four
// warps multiply 64 rows of weights, each its tile row, straight from device memory through its registers, with 32 or 64 rows of x in shared memory. Weights are read
// once for each such rows of x.
#pragma once
#include "matmul.cuh"

#define WIDE_WARPS 16
#define STAGE_TILES 2

// Rows of x of 64 columns lie 128 bytes apart, and the eight pieces of 16 bytes of a row in an order of their own, as the tensor cores want them. Columns are in the
// order in which a lane's registers have them: of each 32, pair p of lane t's eight columns is pair 4p + t.
DEVICE int place_of(int row, int half, int t, int pair)
{
    int chunk = half * 4 + pair;
    return row * 128 + ((chunk ^ (row & 7)) << 4) + t * 4;
}

// What a thread takes of a stage of COUNT rows of x: pieces of eight columns.
template <int COUNT>
struct Pieces
{
    uint4 values[COUNT / 32];

    // Rows from firstRow on, columns from tile step on; those of tiles from end on are not looked at. N rows are there: another is the last again.
    __device__ __forceinline__ void load(const unsigned short* __restrict__ x, int ldx, int firstRow, int N, int step, int end)
    {
#pragma unroll
        for (int i = 0; i < COUNT / 32; i++)
        {
            int index = i * 512 + threadIdx.x, row = index >> 4, eight = index & 15;
            if (step + (eight >> 3) < end)
                values[i] = *(const uint4*)(x + (long long)min(firstRow + row, N - 1) * ldx + (step * 8 + eight) * 8);
        }
    }

    __device__ __forceinline__ void store(unsigned char* stage) const
    {
#pragma unroll
        for (int i = 0; i < COUNT / 32; i++)
        {
            int index = i * 512 + threadIdx.x, row = index >> 4, eight = index & 15, half = eight >> 2 & 1, t = eight & 3;
            unsigned char* tile = stage + (eight >> 3) * COUNT * 128;
            *(unsigned*)(tile + place_of(row, half, t, 0)) = values[i].x;
            *(unsigned*)(tile + place_of(row, half, t, 1)) = values[i].y;
            *(unsigned*)(tile + place_of(row, half, t, 2)) = values[i].z;
            *(unsigned*)(tile + place_of(row, half, t, 3)) = values[i].w;
        }
    }
};

// A block of 512 threads takes 16 tile rows and COUNT rows of x. Grid: (blocks of 16 tile rows, blocks of COUNT rows of x, parts of K): where there are several parts, each
// writes sums of its own, (part, N, ldy), for sum_parts. x has zeros in the columns beyond K.
template <int FORMAT, int COUNT, int AHEAD>
DEVICE void multiply_wide(
    const unsigned char* __restrict__ weights, const unsigned short* __restrict__ x, float* __restrict__ y, int M, int N, int steps, int ldx, int ldy, float alpha,
    int accumulate, unsigned char* stages)
{
    let_next_begin();
    int warp = threadIdx.x >> 5, lane = threadIdx.x & 31, g = lane >> 2, t = lane & 3;
    int tileRows = (M + TILE_ROWS - 1) / TILE_ROWS, tileRow = blockIdx.x * WIDE_WARPS + warp, firstRow = blockIdx.y * COUNT;
    int pairs = (steps + 1) / 2;
    int begin = pairs * (int)blockIdx.z / (int)gridDim.z * 2, end = min(steps, pairs * ((int)blockIdx.z + 1) / (int)gridDim.z * 2);
    if (gridDim.z > 1)
        y += (long long)blockIdx.z * N * ldy;

    // A tile row that the matrix lacks reads the last one: all warps of a group go the same way.
    const unsigned char* tiles = weights + (long long)min(tileRow, tileRows - 1) * steps * chunk_bytes(FORMAT);
    fetch_ahead(tiles + (long long)begin * chunk_bytes(FORMAT), min(end - begin, 2 * FETCH_STEPS) * chunk_bytes(FORMAT), lane);
    float c[COUNT / 8][4];
#pragma unroll
    for (int n = 0; n < COUNT / 8; n++)
        c[n][0] = c[n][1] = c[n][2] = c[n][3] = 0.0f;
    Lane<FORMAT> ahead[AHEAD];
#pragma unroll
    for (int i = 0; i < AHEAD; i++)
        if (begin + i < end)
            ahead[i].load(tiles + (long long)(begin + i) * chunk_bytes(FORMAT), lane);
    wait_for_previous();

    Pieces<COUNT> pieces;
    pieces.load(x, ldx, firstRow, N, begin, end);
    int pairsEnd = begin + (end - begin) / 2 * 2;
    for (int first = begin; first < pairsEnd; first += AHEAD)
    {
#pragma unroll
        for (int i = 0; i < AHEAD; i += 2)
        {
            int step = first + i;
            if (step >= pairsEnd)
                break;

            // The stage before the last is free: whoever stands here has ended its products, and no one is further back than the last.
            unsigned char* stage = stages + (step - begin) / 2 % 2 * STAGE_TILES * COUNT * 128;
            pieces.store(stage);
            show_to_tensor_cores();
            __syncthreads();
            if (step + STAGE_TILES < end)
                pieces.load(x, ldx, firstRow, N, step + STAGE_TILES, end);
            if ((step - begin) % FETCH_STEPS == 0 && step + 2 * FETCH_STEPS < end)
                fetch_ahead(
                    tiles + (long long)(step + 2 * FETCH_STEPS) * chunk_bytes(FORMAT), min(end - step - 2 * FETCH_STEPS, FETCH_STEPS) * chunk_bytes(FORMAT), lane);

            // All that a group reads of the registers is there before it begins: else the compiler has each product wait for the one before.
            unsigned upper[2][2][4], lower[2][2][4];
#pragma unroll
            for (int k = 0; k < 2; k++)
            {
#pragma unroll
                for (int h = 0; h < 2; h++)
                {
                    ahead[i + k].unpack(h, 0, upper[k][h]);
                    ahead[i + k].unpack(h, 1, lower[k][h]);
                }

                if (step + k + AHEAD < end)
                    ahead[i + k].load(tiles + (long long)(step + k + AHEAD) * chunk_bytes(FORMAT), lane);
            }

            group_begin(c);
#pragma unroll
            for (int k = 0; k < 2; k++)
#pragma unroll
                for (int h = 0; h < 2; h++)
                {
                    group_mma(c, upper[k][h][0], lower[k][h][0], upper[k][h][1], lower[k][h][1], stage + k * COUNT * 128, h * 2);
                    group_mma(c, upper[k][h][2], lower[k][h][2], upper[k][h][3], lower[k][h][3], stage + k * COUNT * 128, h * 2 + 1);
                }

            group_end(c);
        }
    }

    if (pairsEnd < end)
    {
        unsigned char* stage = stages + (pairsEnd - begin) / 2 % 2 * STAGE_TILES * COUNT * 128;
        pieces.store(stage);
        show_to_tensor_cores();
        __syncthreads();
        Lane<FORMAT> last;
        last.load(tiles + (long long)pairsEnd * chunk_bytes(FORMAT), lane);
        unsigned upper[2][4], lower[2][4];
#pragma unroll
        for (int h = 0; h < 2; h++)
        {
            last.unpack(h, 0, upper[h]);
            last.unpack(h, 1, lower[h]);
        }

        group_begin(c);
#pragma unroll
        for (int h = 0; h < 2; h++)
        {
            group_mma(c, upper[h][0], lower[h][0], upper[h][1], lower[h][1], stage, h * 2);
            group_mma(c, upper[h][2], lower[h][2], upper[h][3], lower[h][3], stage, h * 2 + 1);
        }

        group_end(c);
    }

    if (tileRow >= tileRows)
        return;
#pragma unroll
    for (int n = 0; n < COUNT / 8; n++)
#pragma unroll
        for (int j = 0; j < 4; j++)
        {
            int row = tileRow * TILE_ROWS + g + (j >> 1) * 8, column = firstRow + n * 8 + t * 2 + (j & 1);
            if (row < M && column < N)
            {
                float* target = y + (long long)column * ldy + row;
                *target = accumulate ? *target + alpha * c[n][j] : alpha * c[n][j];
            }
        }
}

#if defined(HAS_GROUP_MMA) || defined(CRESCENT_EMULATED)
#define MULTIPLY_WIDE(name, FORMAT, COUNT, AHEAD)                                                                                                   \
    extern "C" __global__ void __launch_bounds__(512, 1) name(                                                                                      \
        const unsigned char* __restrict__ weights, const unsigned short* __restrict__ x, float* __restrict__ y, int M, int N, int steps, int ldx,   \
        int ldy, float alpha, int accumulate)                                                                                                       \
    {                                                                                                                                               \
        __align__(1024) __shared__ unsigned char stages[2 * STAGE_TILES * COUNT * 128];                                                                \
        multiply_wide<FORMAT, COUNT, AHEAD>(weights, x, y, M, N, steps, ldx, ldy, alpha, accumulate, stages);                                       \
    }                                                                                                                                               \
    EXPORT_KERNEL(name)
#else
#define MULTIPLY_WIDE(name, FORMAT, COUNT, AHEAD)
#endif
