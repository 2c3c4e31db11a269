// Weights as matrix products read them. A matrix of (rows, columns) is cut into tiles of 16 rows and 64 columns, tile rows one after the other; each tile is
// one chunk of bytes, and what a lane of a warp multiplies lies together: with g = lane / 4 and t = lane % 4, of both halves h of the tile's columns, rows g and
// g + 8, columns 32 h + 8 t to 32 h + 8 t + 7. Rows and columns that a matrix lacks are zeros.
//
// A chunk holds, with a "pair" being columns 2p and 2p + 1 of those eight:
//   F16   at 0: (h, row half, lane) 16 bytes: eight halves.
//   Q8    at 0: (h, lane) 16 bytes: row g, then row g + 8: eight numbers of a byte each, 128 added. At 1024: (g, h) scales.
//   Q4    at 0: (lane) 16 bytes: (h, row half) 32 bits: pair p in bits 4p and 16 + 4p. At 512: (g, h) scales; the value is (q - 8) scale.
//   Q4M   the same; at 512: (g) 16 bytes: (h) scales, then (h) offsets; the value is q scale + offset.
//   Q5M   as Q4M; at 640: (lane) 32 bits: pair i = 8 h + 4 (row half) + p has its fifth bits at i and i + 16.
//   Q6    as Q4 at 0; at 512: (h, lane) 32 bits: pair i = 4 (row half) + p has two upper bits each at 2i and 16 + 2i. At 768: (t / 2, g, h) scales, one for each
//         16 columns; the value is (q - 32) scale.
//   FP4   as Q4; a number is a sign, two bits of an exponent and one of a mantissa: 0, 0.5, 1, 1.5, 2, 3, 4 or 6, and the value is that times scale.
// A scale (or offset) is two halves: row g's in the low sixteen bits, row g + 8's in the high.
#pragma once
#include "numbers.cuh"

#define FORMAT_F16 0
#define FORMAT_Q8 1
#define FORMAT_Q4 2
#define FORMAT_Q4M 3
#define FORMAT_Q5M 4
#define FORMAT_Q6 5
#define FORMAT_FP4 6

#define TILE_ROWS 16
#define TILE_COLUMNS 64

DEVICE constexpr int chunk_bytes(int format)
{
    return format == FORMAT_F16 ? 2048
        : format == FORMAT_Q8   ? 1088
        : format == FORMAT_Q4   ? 576
        : format == FORMAT_FP4  ? 576
        : format == FORMAT_Q4M  ? 640
        : format == FORMAT_Q5M  ? 768
                                : 896;
}

// A number of FP4: its bits are the upper ones of a half, of which the exponent is 14 too small, with or without a leading one.
DEVICE float fp4_to_float(int q) { return half_to_float((unsigned short)((q & 8) << 12 | (q & 7) << 9)) * 16384.0f; }

// Eight neighbouring values of one row, column a multiple of 8.
DEVICE void unpack_eight(int format, const unsigned char* weights, long long steps, long long row, int column, float* values)
{
    int inRow = (int)(row % TILE_ROWS), g = inRow % 8, rowHalf = inRow / 8;
    int inColumn = column % TILE_COLUMNS, h = inColumn / 32, t = inColumn % 32 / 8, lane = 4 * g + t;
    const unsigned char* chunk = weights + ((row / TILE_ROWS) * steps + column / TILE_COLUMNS) * chunk_bytes(format);
    if (format == FORMAT_F16)
    {
        const unsigned short* p = (const unsigned short*)(chunk + (h * 2 + rowHalf) * 512 + lane * 16);
        for (int i = 0; i < 8; i++)
            values[i] = half_to_float(p[i]);
        return;
    }

    if (format == FORMAT_Q8)
    {
        const unsigned char* p = chunk + h * 512 + lane * 16 + rowHalf * 8;
        float scale = half_at(chunk + 1024 + (g * 2 + h) * 4 + rowHalf * 2);
        for (int i = 0; i < 8; i++)
            values[i] = scale * (float)((int)p[i] - 128);
        return;
    }

    unsigned low = *(const unsigned*)(chunk + lane * 16 + (h * 2 + rowHalf) * 4);
    unsigned fifth = format == FORMAT_Q5M ? *(const unsigned*)(chunk + 640 + lane * 4) >> (8 * h + 4 * rowHalf) : 0;
    unsigned upper = format == FORMAT_Q6 ? *(const unsigned*)(chunk + 512 + h * 128 + lane * 4) >> (8 * rowHalf) : 0;
    bool plain = format == FORMAT_Q4 || format == FORMAT_FP4;
    int scaleAt = plain       ? 512 + (g * 2 + h) * 4
        : format == FORMAT_Q6 ? 768 + ((t / 2 * 8 + g) * 2 + h) * 4
                              : 512 + g * 16 + h * 4;
    float scale = half_at(chunk + scaleAt + rowHalf * 2);
    float offset = format == FORMAT_FP4 ? 0.0f
        : format == FORMAT_Q4          ? -8.0f * scale
        : format == FORMAT_Q6          ? -32.0f * scale
                                       : half_at(chunk + scaleAt + 8 + rowHalf * 2);
    for (int i = 0; i < 8; i++)
    {
        int p = i / 2, side = i % 2 * 16;
        int q = (int)(low >> (4 * p + side) & 15) | (int)(fifth >> (p + side) & 1) << 4 | (int)(upper >> (2 * p + side) & 3) << 4;
        values[i] = scale * (format == FORMAT_FP4 ? fp4_to_float(q) : (float)q) + offset;
    }
}
