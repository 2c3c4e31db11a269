#include "wide.cuh"

MULTIPLY_WIDE(wide_q6_32, FORMAT_Q6, 32, 4)
MULTIPLY_WIDE(wide_q6_64, FORMAT_Q6, 64, 4)
