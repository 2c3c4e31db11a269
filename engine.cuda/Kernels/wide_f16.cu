#include "wide.cuh"

MULTIPLY_WIDE(wide_f16, FORMAT_F16, 2)
