#include "wide.cuh"

MULTIPLY_WIDE(wide_q4_32, FORMAT_Q4, 32, 4)
MULTIPLY_WIDE(wide_q4_64, FORMAT_Q4, 64, 4)
