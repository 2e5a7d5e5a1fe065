#!/usr/bin/env bash
# fetch.sh DEST: what the emulated Raspberry Pi 3B boots, in DEST: Debian's kernel and its device
# tree, and a userland with Python as an archive for memory. Nothing is configured, so nothing of
# arm64 has to run here.
set -euo pipefail
cd "$1"
mirror=${MIRROR:-$(apt-get indextargets --format '$(REPO_URI)' | grep -v security | head -1)}
extract() { # SUITE FOLDER PACKAGES
  mmdebstrap --quiet --arch=arm64 --variant=extract --aptopt='Acquire::Languages "none"' \
    --include="$3" "$1" "$2" "$mirror"
}

extract trixie kernel linux-image-arm64
cp kernel/boot/vmlinuz-* Image
cp kernel/usr/lib/linux-image-*/broadcom/bcm2837-rpi-3-b.dtb pi3.dtb
xz -dc kernel/usr/lib/modules/*/kernel/drivers/pwm/pwm-bcm2835.ko.xz >pwm-bcm2835.ko
# The firmware of a real one writes its revision here, by which gpiozero knows the board.
fdtput -p -t x pi3.dtb /system linux,revision a02082
rm -r kernel

# For Python 3.11 there is a wheel of lgpio, for trixie's 3.13 there is none.
extract bookworm userland python3.11-minimal,libpython3.11-stdlib,libexpat1,media-types,coreutils,dash,mount
mkdir -p userland/{proc,sys,dev,run,tmp}
rm -rf userland/usr/share/{doc,locale} userland/var/{cache,lib}/apt
(cd userland && find . | cpio --quiet -o -H newc) >userland.cpio
rm -r userland
