// The tensor-core product of a warp: c (16, 8) += a (16, 16) b (16, 8), halves summed in float.
#pragma once
#include "thread.h"

namespace crescent {

// `parts` of all 32 lanes, in the layout of mma.m16n8k16.
void multiplyTiles(MatrixPart* const* parts);

}  // namespace crescent
