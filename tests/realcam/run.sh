#!/usr/bin/env bash
# run.sh ROOT COMMAND...: run COMMAND in ROOT with the virtual camera and this project installed.
# Where CI is set, Hypothesis draws the same examples each time, in there as well.
set -euo pipefail
root=$1
shift
exec "$(dirname "$(realpath "$0")")/enter.sh" "$root" env -i \
  HOME=/root LANG=C.UTF-8 PATH=/opt/venv/bin:/usr/sbin:/usr/bin:/sbin:/bin \
  LD_PRELOAD=/opt/realcam/dmaheap_shim.so \
  LIBCAMERA_LOG_NO_COLOR=1 LIBCAMERA_LOG_LEVELS='*:WARN' \
  PYTHONDONTWRITEBYTECODE=1 ${CI:+CI="$CI"} "$@"
