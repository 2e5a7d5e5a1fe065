#!/bin/bash
# The first process of the virtual machine, until it starts systemd: what the machine writes goes
# into memory, over a root that it can't write; and it has a Raspberry Pi's pins, an I2C bus, a
# panel's framebuffer, and a Pi's name where the kernel keeps it.
export PATH=/usr/sbin:/usr/bin
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev
mount -t tmpfs run /run

word() { sed -n "s/.*\bvm\.$1=\([^ ]*\).*/\1/p" /proc/cmdline; }

modprobe -a overlay configfs gpio-sim i2c-dev $(word modules | tr , ' ')
modprobe i2c-stub chip_addr=0x3c
modprobe vfb vfb_enable=1 videomemorysize=2097152 mode_option=800x480-32@60

mkdir /run/disk
mount -t tmpfs -o size=80% disk /run/disk
mkdir -p /run/disk/upper /run/disk/work /run/root
mount -t overlay -o lowerdir=/,upperdir=/run/disk/upper,workdir=/run/disk/work overlay /run/root
cd /run/root || exit
mkdir -p test
mount -t virtiofs test test
for each in proc sys dev; do mount --move /$each $each; done

chip=sys/kernel/config/gpio-sim/pi
mount -t configfs none sys/kernel/config
mkdir -p $chip/bank0
echo 54 >$chip/bank0/num_lines
echo pinctrl-bcm2711 >$chip/bank0/label
echo 1 >$chip/live

mount -t tmpfs firmware sys/firmware
mkdir -p sys/firmware/devicetree/base
printf 'Raspberry Pi 4 Model B Rev 1.5\0' >sys/firmware/devicetree/base/model
printf '100000000a1b2c3d\0' >sys/firmware/devicetree/base/serial-number

mount --move . /
exec chroot . /sbin/init
