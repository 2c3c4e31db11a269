#!/usr/bin/env bash
# Makes the image of a silo where no registry has its base: a root file system from Debian's packages with nothing in it to run but the silo, and an archive of
# it in OCI's layout. Where mcr.microsoft.com can be reached, `dotnet publish silo -r linux-x64 --self-contained -t:PublishContainer` makes one on .NET's own base.
#   k8s/image/build.sh [--ready-to-run]
# artifacts/image/crescent.tar   for `kind load image-archive`, `ctr images import`, `podman load`, `skopeo copy oci-archive:…`
# artifacts/image/rootfs         the same unpacked
# Needs the .NET SDK, and apt-get on Debian 12 for amd64; with node there is a bill of materials in it. Packages are checked by apt against Debian's signatures; two runs on one commit and one state of Debian's
# archive give the same bytes.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
export DOTNET_CLI_UI_LANGUAGE=en DOTNET_NOLOGO=1 DOTNET_CLI_TELEMETRY_OPTOUT=1

ready=false
[ "${1:-}" = --ready-to-run ] && ready=true
version=$(sed -n 's|.*<Version>\(.*\)</Version>.*|\1|p' Directory.Build.props)
epoch="${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct 2> /dev/null || echo 0)}"
out=$PWD/artifacts/image
root=$out/rootfs
rm -rf "$out"
mkdir -p "$root" "$out/packages" "$out/layout/blobs/sha256" "$out/app"

echo '== packages of Debian'
# What self-contained .NET links to, the authorities of the web, and time zones. No shell, no package manager.
packages=(libc6 libgcc-s1 libstdc++6 zlib1g libssl3 ca-certificates tzdata netbase)
(cd "$out/packages" && apt-get download -qq "${packages[@]}")
for package in "$out"/packages/*.deb; do dpkg-deb -x "$package" "$root"; done
rm -rf "$root"/usr/share/{doc,man,lintian,locale,bash-completion,bug,gdb} "$root"/usr/{sbin,bin} "$root"/{sbin,bin} "$root"/usr/lib/x86_64-linux-gnu/{gconv,audit,engines-3}
mkdir -p "$root"/etc/ssl/certs "$root"/{tmp,proc,sys,dev,app,models} "$root"/var/lib/crescent
# As update-ca-certificates would have it.
LC_ALL=C sort -z < <(find "$root/usr/share/ca-certificates/mozilla" -name '*.crt' -print0) | xargs -0 cat > "$root/etc/ssl/certs/ca-certificates.crt"
printf 'root:x:0:0::/:/nonexistent\ncrescent:x:10001:10001::/var/lib/crescent:/nonexistent\n' > "$root/etc/passwd"
printf 'root:x:0:\ncrescent:x:10001:\n' > "$root/etc/group"
printf 'hosts: files dns\n' > "$root/etc/nsswitch.conf"
chmod 1777 "$root/tmp"

echo '== silo'
lock=obj/packages.release.lock.json
dotnet publish silo -c Release -r linux-x64 --self-contained --artifacts-path "$out/build" -o "$out/app" -p:PublishReadyToRun=$ready -p:ContinuousIntegrationBuild=true \
    -p:DebugType=none -p:PublishDocumentationFiles=false -p:PublishReferencesDocumentationFiles=false -p:NuGetLockFilePath=$lock -p:RestoreLockedMode=false
if command -v node > /dev/null; then
    .ci/same-packages silo/packages.lock.json "silo/$lock"
    .ci/bill "$out/build/obj/silo/project.assets.json" crescent-silo "$version" > "$out/app/bill-of-materials.cdx.json"
fi
cp LICENSE "$out/app/"

echo '== image'
# A layer: its archive, packed, as a blob by its sum; leaves the sums of both.
layer() { # folder prefix
    tar --sort=name --owner="${3:-0}" --group="${3:-0}" --numeric-owner --mtime="@$epoch" --transform "s|^\.|$2|" -C "$1" -cf "$out/layer.tar" .
    unpacked=$(sum "$out/layer.tar")
    gzip -n9 < "$out/layer.tar" > "$out/layer.gz"
    packed=$(blob "$out/layer.gz")
    rm "$out/layer.tar"
}
sum() { sha256sum "$1" | cut -d' ' -f1; }
# Moves a file among the blobs and prints its descriptor's sum and size.
blob() { local digest size; digest=$(sum "$1"); size=$(stat -c %s "$1"); mv "$1" "$out/layout/blobs/sha256/$digest"; echo "\"digest\":\"sha256:$digest\",\"size\":$size"; }

chmod -R u+rwX,go+rX,go-w "$root" "$out/app"
chmod 1777 "$root/tmp"
layer "$root" .
base_unpacked=$unpacked base_packed=$packed
layer "$out/app" ./app
app_unpacked=$unpacked app_packed=$packed
created=$(date -u -d "@$epoch" +%Y-%m-%dT%H:%M:%SZ)
cat > "$out/config.json" << END
{"created":"$created","architecture":"amd64","os":"linux","config":{"User":"10001:10001","WorkingDir":"/app","Entrypoint":["/app/Crescent.Silo"],"Env":["PATH=/app","CRESCENT_HOME=/var/lib/crescent","DOTNET_EnableDiagnostics=0"],"ExposedPorts":{"8080/tcp":{},"9090/tcp":{},"11111/tcp":{}},"Labels":{"org.opencontainers.image.title":"Crescent","org.opencontainers.image.licenses":"MIT","org.opencontainers.image.version":"$version"}},"rootfs":{"type":"layers","diff_ids":["sha256:$base_unpacked","sha256:$app_unpacked"]},"history":[{"created":"$created","created_by":"packages of Debian 12"},{"created":"$created","created_by":"dotnet publish silo"}]}
END
config=$(blob "$out/config.json")
layer_type=application/vnd.oci.image.layer.v1.tar+gzip
cat > "$out/manifest.json" << END
{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","config":{"mediaType":"application/vnd.oci.image.config.v1+json",$config},"layers":[{"mediaType":"$layer_type",$base_packed},{"mediaType":"$layer_type",$app_packed}]}
END
manifest=$(blob "$out/manifest.json")
cat > "$out/layout/index.json" << END
{"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[{"mediaType":"application/vnd.oci.image.manifest.v1+json",$manifest,"platform":{"architecture":"amd64","os":"linux"},"annotations":{"io.containerd.image.name":"docker.io/library/crescent:$version","org.opencontainers.image.ref.name":"$version"}}]}
END
printf '{"imageLayoutVersion":"1.0.0"}' > "$out/layout/oci-layout"
tar --sort=name --owner=0 --group=0 --numeric-owner --mtime="@$epoch" -C "$out/layout" -cf "$out/crescent.tar" .
rmdir "$root/app"
mv "$out/app" "$root/app"
rm -rf "$out/layout" "$out/packages" "$out/build"
echo "crescent:$version $(grep -o 'sha256:[0-9a-f]*' <<< "$manifest"), $(du -h "$out/crescent.tar" | cut -f1)B in $out/crescent.tar"
