#!/usr/bin/env bash
# run.sh KERNEL COMMAND...: run COMMAND in the current folder, in a virtual machine with a GPIO chip
# like a Raspberry Pi 4's and one before it that is not, a panel's framebuffer behind a monitor's, and
# a watchdog. Its exit status is COMMAND's.
#
# Software emulation with one processor: no KVM, no image, no network. The machine's root is this
# one's own, read-only over virtiofs, so that the environment with our packages is there as it is.
set -uo pipefail
kernel=$(realpath "$1")
shift
here=$(dirname "$(realpath "$0")")
work=$(mktemp -d)
trap 'kill "$files" 2>/dev/null; rm -rf "$work"' EXIT

/usr/lib/qemu/virtiofsd --socket-path="$work/files" -o source=/ -o cache=always -o sandbox=chroot \
  --thread-pool-size=0 >"$work/files.log" 2>&1 &
files=$!
until [ -S "$work/files" ]; do
  kill -0 "$files" 2>/dev/null || { cat "$work/files.log"; exit 125; }
  sleep 0.05
done

command=$(printf '%q ' "$@" | base64 -w0)
timeout -s KILL "${VM_TIMEOUT_S:-700}" qemu-system-x86_64 \
  -machine q35,memory-backend=memory -accel tcg,thread=single -cpu max -smp 1 -m 768 \
  -object memory-backend-memfd,id=memory,size=768M,share=on \
  -nodefaults -display none -no-reboot -serial stdio -serial "file:$work/status" \
  -device bochs-display,xres=1024,yres=768 \
  -chardev "socket,id=files,path=$work/files" -device vhost-user-fs-pci,chardev=files,tag=root \
  -kernel "$kernel/vmlinux" \
  -append "console=ttyS0 quiet loglevel=3 panic=-1 mitigations=off nokaslr rootfstype=virtiofs root=root ro init=$here/guest-init.sh vm.kernel=$kernel vm.folder=$PWD vm.command=$command" \
  </dev/null
status=$(sed -n 's/^EXIT \([0-9]*\).*/\1/p' "$work/status")
if [ -z "$status" ]; then
  echo "The virtual machine ended without an exit status."
  cat "$work/files.log"
  status=125
fi
exit "$status"
