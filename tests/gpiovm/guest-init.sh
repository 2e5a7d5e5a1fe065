#!/bin/bash
# The first process of the virtual machine: read-only root, scratch in memory, a GPIO chip as a
# Raspberry Pi 4 has it behind one that is none; then the command, and the end.
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev
mount -t tmpfs run /run
mkdir -p /run/tmp /run/likelight /dev/shm
mount -t tmpfs shm /dev/shm
export TMPDIR=/run/tmp HOME=/run/tmp PYTHONDONTWRITEBYTECODE=1 RUNTIME_DIRECTORY=/run/likelight

argument() { sed -n "s/.*\b$1=\([^ ]*\).*/\1/p" /proc/cmdline; }

load="modprobe -d $(argument vm.kernel)/root"
ip link set lo up
# The monitor first, so that the panel's framebuffer is not fb0.
$load -a configfs gpio-sim softdog bochs
$load vfb vfb_enable=1 videomemorysize=2097152 mode_option=800x480-32@60
mount -t configfs none /sys/kernel/config
# Two chips: an expander's lines come first and have the same names, so that only who asks for the
# label finds the header.
make_chip() { # NAME LABEL: prints where the chip's lines are seen from the other side of the wire
  chip=/sys/kernel/config/gpio-sim/$1
  mkdir -p $chip/bank0
  echo 54 >$chip/bank0/num_lines
  echo "$2" >$chip/bank0/label
  for line in $(seq 0 27); do
    mkdir $chip/bank0/line"$line"
    echo GPIO"$line" >$chip/bank0/line"$line"/name
  done
  echo 1 >$chip/live
  echo /sys/devices/platform/"$(cat $chip/dev_name)"/"$(cat $chip/bank0/chip_name)"
}
GPIO_DECOY=$(make_chip expander pcf8574)
GPIO_SIM=$(make_chip pi pinctrl-bcm2711)
export GPIO_DECOY GPIO_SIM

# By the revision gpiozero knows which board it is on: c03115 is a Pi 4 B 1.5.
{
  cat /proc/cpuinfo
  printf 'Hardware\t: BCM2835\nRevision\t: c03115\nSerial\t\t: 100000000a1b2c3d\n'
  printf 'Model\t\t: Raspberry Pi 4 Model B Rev 1.5\n'
} >/run/cpuinfo
mount --bind /run/cpuinfo /proc/cpuinfo

cd "$(argument vm.folder)" || exit
eval "$(argument vm.command | base64 -d)"
status=$?
echo "EXIT $status" >/dev/ttyS1
sync
echo o >/proc/sysrq-trigger
sleep 9
