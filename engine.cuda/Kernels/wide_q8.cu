#include "wide.cuh"

MULTIPLY_WIDE(wide_q8, FORMAT_Q8, 2)
