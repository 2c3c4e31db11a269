#!/usr/bin/env bash
# Publishes the GPU check as one program for linux-x64 that needs no .NET, with the small model in it, into tests/gpu/out: to be carried to a machine with a GPU.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
# In a copy without lock files, which are those of builds for no runtime in particular.
tar -c --exclude bin --exclude obj --exclude out --exclude packages.lock.json Directory.*.props global.json .editorconfig models/crescent-tiny.* engine engine.cuda tests/gpu | tar -x -C "$scratch"
rm -rf tests/gpu/out
dotnet publish "$scratch/tests/gpu/GpuCheck.csproj" -c Release -r linux-x64 --self-contained -o tests/gpu/out -v quiet -p:RestorePackagesWithLockFile=false \
    -p:PublishSingleFile=true -p:EnableCompressionInSingleFile=true -p:IncludeNativeLibrariesForSelfExtract=true -p:DebugType=none -p:PublishDocumentationFiles=false
du -sh tests/gpu/out
