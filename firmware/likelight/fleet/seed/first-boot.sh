#!/bin/sh
# Runs once, as root, at the first boot of a card: started by cloud-init (user-data) or by the words
# that `likelight flash --volume` adds to the kernel's command line. It needs no network.
#
# After a power cut or a failure it runs again from its beginning at the next boot, so each step may
# be done twice. What it does, and why it failed, is in first-boot.log beside it; no secret is.
#
# ROOT is empty on a device; tests put a folder there.
set -u
export PATH="${PATH:-/usr/sbin:/usr/bin:/sbin:/bin}" DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8

ROOT=${ROOT:-}
BOOT=$ROOT/boot/firmware
SEED=$BOOT/likelight
PROFILE=$ROOT/etc/NetworkManager/system-connections/likelight.nmconnection
UNIT=$ROOT/etc/systemd/system/likelight-first-boot.service
WANTED=$ROOT/etc/systemd/system/multi-user.target.wants/likelight-first-boot.service

say() {
    echo "$*"
}

# cloud-init runs a script once only, also when it fails; the kernel's command line at each boot.
ask_for_another_run() {
    if grep -q 'systemd\.run=' "$BOOT/cmdline.txt"; then
        return 0
    fi
    mkdir -p "${WANTED%/*}"
    cat > "$UNIT" <<EOF
[Unit]
Description=likelight's first boot, again: it was cut short
After=NetworkManager.service

[Service]
Type=oneshot
ExecStart=/bin/sh /boot/firmware/likelight/first-boot.sh
EOF
    ln -sf ../likelight-first-boot.service "$WANTED"
    sync "$UNIT" "${UNIT%/*}" "${WANTED%/*}"
}

# A FAT volume keeps the old bytes of a file that is only removed: zeros go over them first.
wipe() {
    size=$(wc -c < "$1")
    if [ "$size" -gt 0 ]; then
        dd if=/dev/zero of="$1" bs="$size" count=1 conv=notrunc,fsync 2> /dev/null || return 1
    fi
    rm -f "$1" && sync "${1%/*}"
}

# A device that has enrolled refuses (1) a card for another store, and takes no network from it.
is_refused() {
    command -v likelight > /dev/null || return 1
    likelight boot-volume "$BOOT"
    [ $? -eq 1 ]
}

take_network() {
    if is_refused; then
        say "the network is not taken either"
        return 0
    fi
    mkdir -p "${PROFILE%/*}" "$ROOT/etc/likelight"
    if [ -f "$SEED/wifi-authority.pem" ]; then
        install -m 644 "$SEED/wifi-authority.pem" "$ROOT/etc/likelight/wifi-authority.pem"
    fi
    if [ -f "$SEED/network.nmconnection" ]; then
        # One that begins with zeros was taken before the power was cut.
        if [ "$(head -c 1 "$SEED/network.nmconnection" | tr -d '\0')" = '[' ]; then
            install -m 600 "$SEED/network.nmconnection" "$PROFILE.new" || return 1
            sync "$PROFILE.new" && mv "$PROFILE.new" "$PROFILE" && sync "${PROFILE%/*}" || return 1
        fi
        wipe "$SEED/network.nmconnection" || return 1
    fi
    # The image keeps Wi-Fi off until it knows the country.
    country=$(sed -n 's/^country *= *\([A-Z][A-Z]\)[[:space:]]*$/\1/p' "$BOOT/likelight.txt")
    if [ -n "$country" ] && command -v raspi-config > /dev/null; then
        raspi-config nonint do_wifi_country "$country" || say "the country was not taken"
    fi
    # It may start only now, and writes its own state over a file when it ends: asked while it runs.
    timeout 60 systemctl start NetworkManager.service
    if ! nmcli radio wifi on; then
        mkdir -p "$ROOT/var/lib/NetworkManager"
        printf '[main]\nWirelessEnabled=true\n' > "$ROOT/var/lib/NetworkManager/NetworkManager.state"
    fi
    nmcli connection reload || say "the network waits for the next boot"
    # Its own profile of a cable keeps the socket, and a static address would wait.
    if [ -f "$PROFILE" ]; then
        nmcli --wait 0 connection up "$(sed -n 's/^id=//p' "$PROFILE")" || say "it will connect later"
    fi
}

install_packages() {
    # What a full disk has cut short may need a package that is not unpacked yet: apt mends that.
    dpkg --configure -a || say "apt ends what was begun"
    set -- "$SEED"/packages/[!.]*.deb
    if [ ! -e "$1" ]; then
        say "no packages are in $SEED/packages; likelight is to be installed by hand"
        return 0
    fi
    # The files themselves, with no source: apt checks their dependencies, and asks no network.
    apt-get -y -o Dir::Etc::SourceList=/dev/null -o Dir::Etc::SourceParts=/dev/null \
        -o APT::Sandbox::User=root -o DPkg::Lock::Timeout=120 -o Dpkg::Use-Pty=0 \
        --no-install-recommends --fix-broken install "$@"
}

# From now on the package's own unit reads likelight.txt at each boot.
take_settings() {
    if ! command -v likelight > /dev/null; then
        return 0
    fi
    if ! likelight boot-volume "$BOOT"; then
        say "likelight.txt waits until its mistake is mended"
    fi
    nmcli connection reload || true
    systemctl enable likelight-boot-volume.service likelight-enrol.service
    # Packages that are older than this script have none.
    systemctl enable likelight-wifi.timer && systemctl start --no-block likelight-wifi.timer
    systemctl restart --no-block likelight.service
    systemctl start --no-block likelight-enrol.service
}

end_first_boot() {
    if [ -d "$ROOT/etc/cloud" ]; then
        : > "$ROOT/etc/cloud/cloud-init.disabled"
    fi
    if grep -q 'systemd\.run=' "$BOOT/cmdline.txt"; then
        sed 's/ \(systemd\.run\(_[a-z]*\)*=[^ ]*\|systemd\.unit=multi-user\.target\|systemd\.wants=kernel-command-line\.service\)//g' \
            "$BOOT/cmdline.txt" > "$BOOT/cmdline.new" && sync "$BOOT/cmdline.new" \
            && mv "$BOOT/cmdline.new" "$BOOT/cmdline.txt" || return 1
    fi
    rm -f "$WANTED" "$UNIT"
    sync
}

main() {
    say "begins $(date -u +%FT%TZ)"
    ask_for_another_run
    for step in take_network install_packages take_settings end_first_boot; do
        if ! "$step"; then
            say "$step failed; the next boot tries again"
            sync
            return 1
        fi
    done
    say "done"
}

main >> "$SEED/first-boot.log" 2>&1
