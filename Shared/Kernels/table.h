// The whole set of kernels for one instruction set. Included by avx512.c, avx2.c and baseline.c
// after they have defined TABLE, NAME, VW, NV and MR.
#include "simd.h"
#include "matmul.h"
#include "compact.h"
#include "softmax.h"
#include "attention.h"
#include "layers.h"
#include "adamw.h"

const Kernels TABLE = {
    .name = NAME,
    .width = VW,
    .matmul = matmul,
    .matmul_backward_panel = matmul_backward_panel,
    .matmul_bf16 = matmul_bf16,
    .matmul_int8 = matmul_int8,
    .burn = burn,
    .attention = attention,
    .attention_compact = attention_fp32,
    .attention_backward = attention_backward,
    .embed = embed,
    .layernorm = layernorm,
    .layernorm_backward = layernorm_backward,
    .layernorm_backward_parameters = layernorm_backward_parameters,
    .gelu = gelu,
    .gelu_backward = gelu_backward,
    .dropout = dropout,
    .pool = pool,
    .pool_backward = pool_backward,
    .accumulate = accumulate,
    .sum_of_squares = sum_of_squares,
    .adamw = adamw,
    .adamw_catch_up = adamw_catch_up,
};
