#!/usr/bin/env bash
# Builds the emulated CUDA libraries into the folder given. Needs g++.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
out=$1
build=$(cat "$here"/*.cpp "$here"/*.h | sha256sum | cut -c 1-8)
flags=(-DCRESCENT_BUILD="\"$build\"" -std=c++17 -O2 -fPIC -shared -fvisibility=hidden -Wall -Wextra -Werror -I "$here")
mkdir -p "$out"
cd "$here"
g++ "${flags[@]}" nvrtc.cpp rewrite.cpp -Wl,-soname,libnvrtc.so.12 -o "$out/libnvrtc.so.12" -ldl &
g++ "${flags[@]}" -march=native -U_FORTIFY_SOURCE fibers.cpp block.cpp matrix.cpp results.cpp settings.cpp memory.cpp stream.cpp capture.cpp device.cpp module.cpp launch.cpp \
    api_device.cpp api_memory.cpp api_stream.cpp api_module.cpp control.cpp -Wl,-soname,libcuda.so.1 -o "$out/libcuda.so.1" -ldl -pthread
# Compiled and linked apart: linked with -ffast-math, loading it would have its thread, and those made by that, take small numbers for zero.
g++ "${flags[@]/-shared/-c}" -O3 -march=native -ffast-math cublas.cpp -o "$out/cublas.o"
g++ -shared "$out/cublas.o" -Wl,-soname,libcublas.so.12 -Wl,-rpath,'$ORIGIN' -o "$out/libcublas.so.12" "$out/libcuda.so.1"
rm "$out/cublas.o"
cp cuda_*.h thread.h "$out/"
wait $!
