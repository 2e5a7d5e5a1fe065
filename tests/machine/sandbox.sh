# Runs in the machine, once all is up: the probe in the daemon's place, then the daemon itself, which
# hangs, then the first process, which hangs.
install -d -m 755 /etc/likelight
install -d /run/likelight-boot
cat >/etc/likelight/likelight.toml <<'TOML'
state_dir = "/var/lib/likelight"
[kitchen]
id = "demo"
name = "The demo kitchen"
language = "en"
TOML

# Whatever else would refuse the probe is opened: what is refused then, the unit refuses.
find /dev -type c -o -type b | grep -Ev '/dev/(gpiochip|i2c-|fb|video|media|dma_heap)' | xargs chmod 0666
folders="/usr/local /boot/firmware /etc /etc/likelight /opt /srv /var/log /var/lib/other /var/cache /home/crew /root"
for folder in $folders; do
  mkdir -p "$folder"
  chmod 0777 "$folder"
  echo x >"$folder/probe"
done
for pull in /sys/devices/platform/gpio-sim.*/gpiochip*/sim_gpio5/pull; do
  chgrp gpio "$pull"
  chmod g+w "$pull"
done
bus=$(grep -l 'SMBus stub' /sys/bus/i2c/devices/i2c-*/name)
unit=/run/systemd/system/likelight.service.d/probe.conf
mkdir -p "${unit%/*}"
cat >$unit <<UNIT
[Service]
Type=oneshot
Restart=no
WatchdogSec=0
ExecStart=
ExecStart=/usr/bin/python3 -I /test/probe.py
ExecStopPost=
StandardOutput=truncate:/test/probe.json
Environment=PROBE_I2C=/dev/$(basename "${bus%/name}") PROBE_SYSFS=$pull "PROBE_FOLDERS=$folders"
UNIT
systemctl daemon-reload
systemctl start likelight
rm $unit
systemctl daemon-reload
chmod 0755 /etc/likelight

systemctl --version
systemd-analyze security --threshold=15 --no-pager likelight.service | tail -1

systemctl start likelight
likelight doctor --all | grep watchdog || true
of() { systemctl show --value --property="$1" likelight; }
kill -STOP "$(of MainPID)"
until [ "$(of NRestarts)" = 1 ]; do sleep 1; done
journalctl --unit=likelight --output=cat | grep 'Watchdog timeout'

cat /sys/class/watchdog/watchdog0/{identity,state,timeout}
python3 - <<'PYTHON'
import ctypes
import time

# systemd takes no SIGSTOP; who traces it can hold it.
assert ctypes.CDLL(None).ptrace(16, 1, None, None) == 0
print("systemd hangs", flush=True)
time.sleep(600)
PYTHON
