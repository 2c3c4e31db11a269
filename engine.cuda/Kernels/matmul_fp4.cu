#include "matmul.cuh"

MULTIPLY(matmul_fp4_8, FORMAT_FP4, 1, 1, 3, 3)
MULTIPLY(matmul_fp4_16, FORMAT_FP4, 2, 1, 4, 2)
MULTIPLY(matmul_fp4_32, FORMAT_FP4, 4, 1, 2, 2)
MULTIPLY(matmul_fp4_64, FORMAT_FP4, 8, 2, 1, 1)
MULTIPLY_GATED(matmul_fp4_gated_8, FORMAT_FP4, 1, 2, 2)
MULTIPLY_GATED(matmul_fp4_gated_16, FORMAT_FP4, 2, 1, 2)
MULTIPLY_GATED(matmul_fp4_gated_32, FORMAT_FP4, 4, 1, 1)
UNPACK(unpack_fp4, FORMAT_FP4)
