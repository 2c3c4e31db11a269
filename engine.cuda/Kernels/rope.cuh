// Rotations, by one warp a head.
#pragma once
#include "numbers.cuh"

// One by the root of the mean square of a head's values x (size) with their biases, which may be null.
DEVICE float head_scale(const float* x, const float* biases, int size, float epsilon, int lane)
{
    float squares = 0;
    for (int i = lane; i < size; i += 32)
    {
        float v = x[i] + (biases ? biases[i] : 0.0f);
        squares += v * v;
    }

    return 1.0f / sqrtf(warp_sum(squares) / (float)size + epsilon);
}

// Bias, norm and rotation of a head's values x (size): halves times scale to target (padded), zeros from size on. biases and norm (size) may be null. The first turning
// values turn: turns (turning / 2), cosine and sine. interleaved: neighbours turn together, else halves of them.
DEVICE void rope_head(
    const float* x, const float* biases, const float* norm, const float2* turns, unsigned short* target, int size, int padded, int turning, int interleaved, float epsilon, float scale,
    int lane)
{
    float rms = norm ? head_scale(x, biases, size, epsilon, lane) : 1.0f;
    int half = turning / 2;
    for (int i = lane; i < half; i += 32)
    {
        int a = interleaved ? 2 * i : i, b = interleaved ? 2 * i + 1 : i + half;
        float va = x[a] + (biases ? biases[a] : 0.0f), vb = x[b] + (biases ? biases[b] : 0.0f);
        if (norm)
        {
            va *= rms * norm[a];
            vb *= rms * norm[b];
        }

        float2 turn = turns[i];
        target[a] = float_to_half(clamp_half((va * turn.x - vb * turn.y) * scale));
        target[b] = float_to_half(clamp_half((vb * turn.x + va * turn.y) * scale));
    }

    for (int i = turning + lane; i < padded; i += 32)
        target[i] = i < size ? float_to_half(clamp_half((x[i] + (biases ? biases[i] : 0.0f)) * (norm ? rms * norm[i] : 1.0f) * scale)) : 0;
}

// A head's values with their bias, times scale, as halves; zeros from size on.
DEVICE void store_head(const float* x, const float* biases, unsigned short* target, int size, int padded, float scale, int lane)
{
    for (int i = lane; i < padded; i += 32)
        target[i] = i < size ? float_to_half(clamp_half((x[i] + (biases ? biases[i] : 0.0f)) * scale)) : 0;
}

// Where a block of the cache has a kv head's keys (kind 0) or values (1) of a slot: (key and value, kv head, slot, padded) from layerOffset bytes on.
DEVICE unsigned short* cell_of(unsigned char* blocks, long long blockBytes, long long layerOffset, int cell, int kind, int kvHead, int kvHeads, int padded)
{
    return (unsigned short*)(blocks + (cell >> 4) * blockBytes + layerOffset) + ((long long)(kind * kvHeads + kvHead) * 16 + (cell & 15)) * padded;
}
