#include "matmul.cuh"

MULTIPLY(matmul_q5m_8, FORMAT_Q5M, 1, 1, 4, 2)
MULTIPLY(matmul_q5m_16, FORMAT_Q5M, 2, 1, 3, 2)
MULTIPLY(matmul_q5m_32, FORMAT_Q5M, 4, 1, 2, 2)
MULTIPLY(matmul_q5m_64, FORMAT_Q5M, 8, 2, 1, 1)
MULTIPLY_GATED(matmul_q5m_gated_8, FORMAT_Q5M, 1, 2, 2)
MULTIPLY_GATED(matmul_q5m_gated_16, FORMAT_Q5M, 2, 1, 2)
MULTIPLY_GATED(matmul_q5m_gated_32, FORMAT_Q5M, 4, 1, 2)
UNPACK(unpack_q5m, FORMAT_Q5M)
