#include "wide.cuh"

MULTIPLY_WIDE(wide_fp4_32, FORMAT_FP4, 32, 4)
MULTIPLY_WIDE(wide_fp4_64, FORMAT_FP4, 64, 4)
