#!/usr/bin/env bash
# Checks and measures the CUDA device on a machine with an NVIDIA GPU: a driver and CUDA's libraries are all it needs. Run build.sh first, where .NET is.
#   tests/gpu/run.sh FOLDER [--small] [--only STEP,...] [--limit SECONDS] [--device N]
# Leaves summary.md and summary.json in FOLDER. Never changes clocks, limits or modes of the GPU.
set -uo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
out=${1:?a folder for the summary}
shift
mkdir -p "$out"

# Where the libraries are: folders of NVRTC and cuBLAS; of the driver only where the system does not know it: folders named compat hold others.
folders=${CRESCENT_CUDA_PATH:-}
if [ -z "$folders" ]; then
    names='libnvrtc.so* libcublas.so*'
    for name in libcuda.so.1 libnvidia-ml.so.1; do
        ldconfig -p 2> /dev/null | grep -q "$name" || names="$names $name"
    done
    folders=$(set -f; for name in $names; do
        find /usr/local /opt /usr/lib -maxdepth 9 -name "$name" -not -path '*/stubs/*' -not -path '*/compat/*' 2> /dev/null
    done | xargs -r -n 1 dirname | awk '!seen[$0]++' | paste -sd:)
fi
export CRESCENT_CUDA_PATH=$folders
# What these libraries open by name, and NVML.
export LD_LIBRARY_PATH=$folders${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}
echo "libraries: $folders"
nvidia-smi --query-gpu=name,driver_version,power.draw,power.limit,clocks.sm,clocks.mem,temperature.gpu --format=csv 2> /dev/null

program=${CRESCENT_GPU_CHECK:-$here/out/Crescent.GpuCheck}
chmod +x "$program" 2> /dev/null
"$program" --out "$out" "$@" 2>&1 | tee "$out/run.log"
exit "${PIPESTATUS[0]}"
