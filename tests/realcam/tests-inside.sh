#!/bin/sh
# tests-inside.sh PYTEST-ARGUMENT...: what runs in the chroot: installs the project, then its tests.
set -eu
pip install --disable-pip-version-check -q --no-deps --no-build-isolation --no-index -e /src
cd /tmp
exec python -m pytest -n 0 -c /src/pyproject.toml --rootdir /src -p no:cacheprovider "$@"
