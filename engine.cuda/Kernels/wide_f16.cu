#include "wide.cuh"

MULTIPLY_WIDE(wide_f16_32, FORMAT_F16, 32, 2)
MULTIPLY_WIDE(wide_f16_64, FORMAT_F16, 64, 2)
