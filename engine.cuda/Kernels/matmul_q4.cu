#include "matmul.cuh"

MULTIPLY(matmul_q4_8, FORMAT_Q4, 1, 1, 4, 3)
MULTIPLY(matmul_q4_16, FORMAT_Q4, 2, 1, 4, 2)
MULTIPLY(matmul_q4_32, FORMAT_Q4, 4, 1, 2, 2)
MULTIPLY(matmul_q4_64, FORMAT_Q4, 8, 2, 1, 1)
MULTIPLY_GATED(matmul_q4_gated_8, FORMAT_Q4, 1, 2, 2)
MULTIPLY_GATED(matmul_q4_gated_16, FORMAT_Q4, 2, 2, 2)
MULTIPLY_GATED(matmul_q4_gated_32, FORMAT_Q4, 4, 1, 2)
UNPACK(unpack_q4, FORMAT_Q4)
