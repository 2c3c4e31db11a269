#include "matmul.cuh"

MULTIPLY(matmul_f16_8, FORMAT_F16, 1, 1, 2, 2)
MULTIPLY(matmul_f16_16, FORMAT_F16, 2, 1, 2, 2)
MULTIPLY(matmul_f16_32, FORMAT_F16, 4, 1, 1, 2)
MULTIPLY(matmul_f16_64, FORMAT_F16, 8, 2, 1, 1)
MULTIPLY_GATED(matmul_f16_gated_8, FORMAT_F16, 1, 1, 2)
MULTIPLY_GATED(matmul_f16_gated_16, FORMAT_F16, 2, 1, 2)
MULTIPLY_GATED(matmul_f16_gated_32, FORMAT_F16, 4, 1, 1)
UNPACK(unpack_f16, FORMAT_F16)
