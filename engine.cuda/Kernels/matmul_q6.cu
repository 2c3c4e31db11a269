#include "matmul.cuh"

MULTIPLY(matmul_q6_8, FORMAT_Q6, 1, 1, 4, 3)
MULTIPLY(matmul_q6_16, FORMAT_Q6, 2, 1, 4, 2)
MULTIPLY(matmul_q6_32, FORMAT_Q6, 4, 1, 2, 2)
MULTIPLY(matmul_q6_64, FORMAT_Q6, 8, 2, 1, 1)
MULTIPLY_GATED(matmul_q6_gated_8, FORMAT_Q6, 1, 2, 2)
MULTIPLY_GATED(matmul_q6_gated_16, FORMAT_Q6, 2, 2, 2)
MULTIPLY_GATED(matmul_q6_gated_32, FORMAT_Q6, 4, 1, 2)
UNPACK(unpack_q6, FORMAT_Q6)
