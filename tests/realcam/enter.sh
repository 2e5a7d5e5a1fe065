#!/usr/bin/env bash
# enter.sh ROOT COMMAND...: run COMMAND in ROOT, in mount and process namespaces of its own, so that
# nothing of it is left when it ends. The project is mounted, read-only, at /src.
set -euo pipefail
root=$1
shift
project=$(realpath "$(dirname "$(realpath "$0")")/../..")
exec unshare --mount --pid --fork --kill-child bash -euc '
  root=$0 project=$1
  shift
  mount -t proc proc "$root/proc"
  mount --rbind /sys "$root/sys"
  mount --rbind /dev "$root/dev"
  mount -t tmpfs tmpfs "$root/tmp"
  mkdir -p "$root/src"
  mount --bind "$project" "$root/src"
  mount -o remount,bind,ro "$root/src"
  cp /etc/resolv.conf /etc/hosts "$root/etc/"
  authorities=/etc/ssl/certs/ca-certificates.crt
  if [ -f "$authorities" ] && [ -f "$root$authorities" ]; then
    mount --bind "$authorities" "$root$authorities"
  fi
  exec chroot "$root" "$@"
' "$root" "$project" "$@"
