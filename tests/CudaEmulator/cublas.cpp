// The emulated cuBLAS: products of matrices, by loops, on the stream of its handle.
#include <stdint.h>
#include <string.h>

#include <memory>
#include <vector>

#define API extern "C" __attribute__((visibility("default"))) int

extern "C" int crescentEmulatorLaunch(void* stream, void (*function)(void*), void* data, void (*drop)(void*));
extern "C" int cuCtxGetDevice(int* device);
extern "C" int crescentEmulatorHolds(unsigned long long address, size_t bytes);

namespace {

enum { Success = 0, NotInitialized = 1, InvalidValue = 7, MappingError = 11, ExecutionFailed = 13, NotSupported = 15 };
enum DataType { Single = 0, Half = 2, Brain = 14 };

struct Handle {
    void* stream = nullptr;
    int math = 0, pointerMode = 0;
};

float load(const void* p, int type, long i) {
    if (type == Single) return static_cast<const float*>(p)[i];
    uint16_t bits = static_cast<const uint16_t*>(p)[i];
    if (type == Brain) {
        uint32_t wide = static_cast<uint32_t>(bits) << 16;
        float value;
        memcpy(&value, &wide, 4);
        return value;
    }
    _Float16 half;
    memcpy(&half, &bits, 2);
    return static_cast<float>(half);
}

void store(void* p, int type, long i, float value) {
    if (type == Single) {
        static_cast<float*>(p)[i] = value;
    } else if (type == Brain) {
        uint32_t wide;
        memcpy(&wide, &value, 4);
        wide += 0x7fff + ((wide >> 16) & 1);
        static_cast<uint16_t*>(p)[i] = static_cast<uint16_t>(wide >> 16);
    } else {
        _Float16 half = static_cast<_Float16>(value);
        memcpy(static_cast<uint16_t*>(p) + i, &half, 2);
    }
}

size_t bytesOf(int type) { return type == Single ? 4 : 2; }

struct Operand {
    const char* data;
    int type, stride;
    long batchStride;
};

struct Product {
    int transposeA, transposeB, m, n, k, batches;
    float alpha, beta;
    Operand a, b, c;

    void run() const {
        std::vector<float> columns(static_cast<size_t>(m) * static_cast<size_t>(k)), row(static_cast<size_t>(k));
        for (int batch = 0; batch < batches; batch++) {
            const char* pa = at(a, batch);
            const char* pb = at(b, batch);
            char* pc = const_cast<char*>(at(c, batch));
            for (long i = 0; i < m; i++)
                for (long l = 0; l < k; l++) columns[static_cast<size_t>(i * k + l)] = load(pa, a.type, transposeA ? i * a.stride + l : l * a.stride + i);
            for (long j = 0; j < n; j++) {
                for (long l = 0; l < k; l++) row[static_cast<size_t>(l)] = load(pb, b.type, transposeB ? l * b.stride + j : j * b.stride + l);
                for (long i = 0; i < m; i++) {
                    const float* column = &columns[static_cast<size_t>(i * k)];
                    float sum = 0;
                    for (long l = 0; l < k; l++) sum += column[l] * row[static_cast<size_t>(l)];
                    long place = j * c.stride + i;
                    store(pc, c.type, place, alpha * sum + (beta != 0 ? beta * load(pc, c.type, place) : 0));
                }
            }
        }
    }

    static const char* at(const Operand& o, int batch) { return o.data + o.batchStride * batch * static_cast<long>(bytesOf(o.type)); }
};

bool fits(const Operand& o, int rows, int columns, int batches) {
    if (o.type != Single && o.type != Half && o.type != Brain) return false;
    size_t elements = static_cast<size_t>(o.stride) * static_cast<size_t>(columns - 1) + static_cast<size_t>(rows) + static_cast<size_t>(o.batchStride) * static_cast<size_t>(batches - 1);
    return crescentEmulatorHolds(reinterpret_cast<unsigned long long>(o.data), elements * bytesOf(o.type)) == 0;
}

void runProduct(void* data) { static_cast<Product*>(data)->run(); }
void dropProduct(void* data) { delete static_cast<Product*>(data); }

}  // namespace

API cublasCreate_v2(Handle** handle) {
    int device;
    if (cuCtxGetDevice(&device)) return NotInitialized;
    *handle = new Handle;
    return Success;
}

API cublasDestroy_v2(Handle* handle) {
    delete handle;
    return Success;
}

API cublasSetStream_v2(Handle* handle, void* stream) {
    handle->stream = stream;
    return Success;
}

API cublasGetStream_v2(Handle* handle, void** stream) {
    *stream = handle->stream;
    return Success;
}

API cublasSetMathMode(Handle* handle, int mode) {
    handle->math = mode;
    return Success;
}

API cublasSetPointerMode_v2(Handle* handle, int mode) {
    handle->pointerMode = mode;
    return mode ? NotSupported : Success;
}

API cublasSetWorkspace_v2(Handle*, void*, size_t) { return Success; }
API cublasGetVersion_v2(Handle*, int* version) {
    *version = 120800;
    return Success;
}

API cublasGemmStridedBatchedEx(Handle* handle, int transposeA, int transposeB, int m, int n, int k, const void* alpha, const void* a, int typeA, int lda, long long strideA, const void* b,
    int typeB, int ldb, long long strideB, const void* beta, void* c, int typeC, int ldc, long long strideC, int batches, int compute, int) {
    if (m < 0 || n < 0 || k < 0 || batches < 0 || lda < (transposeA ? k : m) || ldb < (transposeB ? n : k) || ldc < m) return InvalidValue;
    if (!m || !n || !batches) return Success;
    // As cuBLAS: both factors of one type, sums in float32.
    if (typeA != typeB || (typeC != typeA && typeC != Single) || (compute != 68 && compute != 77 && compute != 75)) return NotSupported;
    auto product = std::make_unique<Product>(Product{transposeA, transposeB, m, n, k, batches, *static_cast<const float*>(alpha), *static_cast<const float*>(beta),
        {static_cast<const char*>(a), typeA, lda, strideA}, {static_cast<const char*>(b), typeB, ldb, strideB}, {static_cast<const char*>(c), typeC, ldc, strideC}});
    if (!fits(product->a, transposeA ? k : m, transposeA ? m : k, batches) || !fits(product->b, transposeB ? n : k, transposeB ? k : n, batches) || !fits(product->c, m, n, batches)) return MappingError;
    return crescentEmulatorLaunch(handle->stream, runProduct, product.release(), dropProduct) ? ExecutionFailed : Success;
}

API cublasGemmEx(Handle* handle, int transposeA, int transposeB, int m, int n, int k, const void* alpha, const void* a, int typeA, int lda, const void* b, int typeB, int ldb,
    const void* beta, void* c, int typeC, int ldc, int compute, int algorithm) {
    return cublasGemmStridedBatchedEx(handle, transposeA, transposeB, m, n, k, alpha, a, typeA, lda, 0, b, typeB, ldb, 0, beta, c, typeC, ldc, 0, 1, compute, algorithm);
}
