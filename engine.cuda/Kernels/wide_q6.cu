#include "wide.cuh"

MULTIPLY_WIDE(wide_q6, FORMAT_Q6, 4)
