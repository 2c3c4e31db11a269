#include "matmul.cuh"

MULTIPLY(matmul_q4m_8, FORMAT_Q4M, 1, 1, 4, 3)
MULTIPLY(matmul_q4m_16, FORMAT_Q4M, 2, 1, 4, 2)
MULTIPLY(matmul_q4m_32, FORMAT_Q4M, 4, 1, 2, 2)
MULTIPLY(matmul_q4m_64, FORMAT_Q4M, 8, 2, 1, 1)
MULTIPLY_GATED(matmul_q4m_gated_8, FORMAT_Q4M, 1, 2, 2)
MULTIPLY_GATED(matmul_q4m_gated_16, FORMAT_Q4M, 2, 2, 2)
MULTIPLY_GATED(matmul_q4m_gated_32, FORMAT_Q4M, 4, 1, 2)
UNPACK(unpack_q4m, FORMAT_Q4M)
