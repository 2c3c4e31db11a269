#include "matmul.cuh"

MULTIPLY(matmul_q8_8, FORMAT_Q8, 1, 1, 4, 2)
MULTIPLY(matmul_q8_16, FORMAT_Q8, 2, 1, 4, 2)
MULTIPLY(matmul_q8_32, FORMAT_Q8, 4, 1, 2, 2)
MULTIPLY(matmul_q8_64, FORMAT_Q8, 8, 2, 1, 1)
MULTIPLY_GATED(matmul_q8_gated_8, FORMAT_Q8, 1, 2, 2)
MULTIPLY_GATED(matmul_q8_gated_16, FORMAT_Q8, 2, 1, 2)
MULTIPLY_GATED(matmul_q8_gated_32, FORMAT_Q8, 4, 1, 2)
UNPACK(unpack_q8, FORMAT_Q8)
