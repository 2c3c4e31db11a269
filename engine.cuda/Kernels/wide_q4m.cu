#include "wide.cuh"

MULTIPLY_WIDE(wide_q4m_32, FORMAT_Q4M, 32, 4)
MULTIPLY_WIDE(wide_q4m_64, FORMAT_Q4M, 64, 4)
