#!/usr/bin/env bash
# build-root.sh ROOT: Debian trixie with Python 3.13, libcamera 0.7 and picamera2, as a chroot whose
# one camera is libcamera's "virtual" pipeline. Needs root, mmdebstrap and a Debian mirror.
#
# libcamera comes from trixie-backports: 0.4, in trixie itself, leaves the buffers' metadata of the
# virtual pipeline uninitialised. picamera2 isn't in Debian; libcap and a compiler are for the two
# of its dependencies that have no wheels.
set -euo pipefail
root=$1
here=$(dirname "$(realpath "$0")")
project=$(realpath "$here/../..")
mirror=${MIRROR:-$(apt-get indextargets --format '$(REPO_URI)' | grep -v security | head -1)}

mmdebstrap --quiet --variant=apt \
  --aptopt='Acquire::Languages "none"' \
  --dpkgopt='path-exclude=/usr/share/doc/*' \
  --dpkgopt='path-exclude=/usr/share/man/*' \
  --dpkgopt='path-exclude=/usr/share/locale/*' \
  --include=ca-certificates,python3,python3-venv,python3-dev,python3-prctl,gcc,libc6-dev,libfribidi0 \
  --include=python3-libcamera/trixie-backports,libcamera-ipa/trixie-backports \
  '' "$root" "deb $mirror trixie main" "deb $mirror trixie-backports main"

install -D -m 644 "$here/virtual.yaml" "$root/usr/share/libcamera/pipeline/virtual/virtual.yaml"
install -D -m 644 -t "$root/opt/realcam" "$here/dmaheap_shim.c" "$here/virtualcam.py"
# Without the tools that no test in there uses.
awk '/^[a-z]/ { unused = /^(grimp|import-linter|mypy|ruff)==/ } !unused' \
  "$project/tests/requirements.lock" >"$root/opt/realcam/requirements.lock"
if [ -f /etc/pip.conf ]; then cp /etc/pip.conf "$root/etc/pip.conf"; fi

"$here/enter.sh" "$root" sh -euc '
  gcc -shared -fPIC -O2 -o /opt/realcam/dmaheap_shim.so /opt/realcam/dmaheap_shim.c -ldl
  python3 -m venv --system-site-packages /opt/venv
  pip="/opt/venv/bin/pip --disable-pip-version-check --no-cache-dir -q install"
  $pip --require-hashes -r /opt/realcam/requirements.lock
  $pip picamera2==0.3.38
'
# The camera child imports picamera2 by itself, so the stand-in must be found by every process.
install -m 644 "$here/virtualcam.py" "$root"/opt/venv/lib/python3*/site-packages/
echo 'import virtualcam; virtualcam.wait_for_picamera2()' > "$(echo "$root"/opt/venv/lib/python3*/site-packages)/virtualcam.pth"
