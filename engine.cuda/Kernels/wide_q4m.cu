#include "wide.cuh"

MULTIPLY_WIDE(wide_q4m, FORMAT_Q4M, 4)
