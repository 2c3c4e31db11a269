#include "wide.cuh"

MULTIPLY_WIDE(wide_q5m_32, FORMAT_Q5M, 32, 4)
MULTIPLY_WIDE(wide_q5m_64, FORMAT_Q5M, 64, 4)
