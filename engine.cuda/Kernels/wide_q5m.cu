#include "wide.cuh"

MULTIPLY_WIDE(wide_q5m, FORMAT_Q5M, 4)
