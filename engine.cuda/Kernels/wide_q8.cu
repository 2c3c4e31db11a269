#include "wide.cuh"

MULTIPLY_WIDE(wide_q8_32, FORMAT_Q8, 32, 2)
MULTIPLY_WIDE(wide_q8_64, FORMAT_Q8, 64, 2)
