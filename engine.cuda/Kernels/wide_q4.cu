#include "wide.cuh"

MULTIPLY_WIDE(wide_q4, FORMAT_Q4, 4)
