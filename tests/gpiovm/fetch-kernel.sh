#!/usr/bin/env bash
# fetch-kernel.sh DEST: Debian's kernel with gpio-sim, vfb and softdog as modules, unpacked in DEST.
#
# It comes from trixie-backports: neither bookworm nor trixie itself builds gpio-sim. Nothing is
# installed and the system's apt stays as it is. QEMU enters the uncompressed vmlinux by PVH and is
# in user space after 3.5 s; unpacking it in software emulation would take longer than that.
set -euo pipefail
kernel=$(realpath -m "$1")
mirror=${MIRROR:-$(apt-get indextargets --format '$(REPO_URI)' | grep -v security | head -1)}

mkdir -p "$kernel/apt/lists/partial" "$kernel/apt/cache/archives/partial" "$kernel/root"
cd "$kernel"
echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror trixie-backports main" >apt/sources.list
apt_options=(
  -o "Dir::Etc::sourcelist=$kernel/apt/sources.list" -o Dir::Etc::sourceparts=/dev/null
  -o "Dir::State::lists=$kernel/apt/lists" -o "Dir::Cache=$kernel/apt/cache"
  -o Dir::State::status=/dev/null -o APT::Architecture=amd64
  -o "APT::Sandbox::User=$(id -un)" -o Acquire::Languages=none
)
apt-get "${apt_options[@]}" -qq update
image=$(apt-cache "${apt_options[@]}" depends linux-image-amd64 |
  sed -n 's/.*Depends: \(linux-image-[0-9].*\)/\1/p' | head -1)
version=${image#linux-image-}
(cd apt && apt-get "${apt_options[@]}" -qq download "linux-base-$version" "linux-binary-$version" "linux-modules-$version")
for package in apt/*.deb; do dpkg-deb -x "$package" root; done
rm -r apt
ln -sfn usr/lib root/lib

python3 - "root/usr/lib/modules/$version/vmlinuz" vmlinux <<'PYTHON'
import subprocess
import sys
from pathlib import Path

image = Path(sys.argv[1]).read_bytes()
with Path(sys.argv[2]).open("wb") as vmlinux:
    # zstd writes the whole frame and then complains of the bytes behind it.
    frame = image[image.index(b"\x28\xb5\x2f\xfd") :]
    subprocess.run(["zstd", "-dcq"], input=frame, stdout=vmlinux, stderr=subprocess.DEVNULL)
assert Path(sys.argv[2]).read_bytes()[:4] == b"\x7fELF", "there is no kernel in that image"
PYTHON
PATH="$PATH:/usr/sbin:/sbin" depmod -b "$kernel/root" "$version"
