#include "matrix.h"

#include <immintrin.h>

namespace crescent {

namespace {

inline void unpack(unsigned pair, float* to) {
    __m128 both = _mm_cvtph_ps(_mm_cvtsi32_si128(static_cast<int>(pair)));
    _mm_storel_pi(reinterpret_cast<__m64*>(to), both);
}

}  // namespace

void multiplyTiles(MatrixPart* const* parts) {
    alignas(32) float a[16][16];
    alignas(32) float b[16][8];
    for (int lane = 0; lane < 32; lane++) {
        const MatrixPart& part = *parts[lane];
        const int g = lane / 4, t = lane % 4;
        unpack(part.a[0], &a[g][2 * t]);
        unpack(part.a[1], &a[g + 8][2 * t]);
        unpack(part.a[2], &a[g][2 * t + 8]);
        unpack(part.a[3], &a[g + 8][2 * t + 8]);
        float pair[2];
        for (int half = 0; half < 2; half++) {
            unpack(part.b[half], pair);
            b[2 * t + 8 * half][g] = pair[0];
            b[2 * t + 8 * half + 1][g] = pair[1];
        }
    }
    for (int row = 0; row < 16; row++) {
        alignas(32) float c[8];
        MatrixPart* const* owners = parts + row % 8 * 4;
        const int at = row / 8 * 2;
        for (int t = 0; t < 4; t++) {
            c[2 * t] = owners[t]->c[at];
            c[2 * t + 1] = owners[t]->c[at + 1];
        }
        __m256 sum = _mm256_load_ps(c);
        for (int k = 0; k < 16; k++) sum = _mm256_fmadd_ps(_mm256_broadcast_ss(&a[row][k]), _mm256_load_ps(b[k]), sum);
        _mm256_store_ps(c, sum);
        for (int t = 0; t < 4; t++) {
            owners[t]->c[at] = c[2 * t];
            owners[t]->c[at + 1] = c[2 * t + 1];
        }
    }
}

}  // namespace crescent
