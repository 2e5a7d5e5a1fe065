#!/usr/bin/env bash
# build-postgresql.sh TREE: PostgreSQL 17 of Debian trixie in the new folder TREE, to be run on an
# older Debian. Needs mmdebstrap and a Debian mirror; prints the folder of its programs.
set -euo pipefail
tree=$1
mirror=${MIRROR:-$(apt-get indextargets --format '$(REPO_URI)' | grep -v security | head -1)}

# Unpacked only: nothing of it is set up, and its programs run outside a chroot.
mmdebstrap --quiet --variant=extract --aptopt='Acquire::Languages "none"' \
  --include=postgresql-17 trixie "$tree" "deb $mirror trixie main" >&2

libraries=$(echo "$tree"/usr/lib/*-linux-gnu*)
loader=$(echo "$libraries"/ld-linux-*.so.*)
programs=$tree/usr/lib/postgresql/17/bin
mv "$programs" "$programs.real"
mkdir "$programs"
for program in "$programs.real"/*; do
  name=$(basename "$program")
  # The C library of trixie by its own loader; what looks for others beside itself finds these.
  cat >"$programs/$name" <<END
#!/bin/sh
exec '$loader' --argv0 '$programs/$name' --library-path '$libraries' '$program' "\$@"
END
  chmod 755 "$programs/$name"
done
echo "$programs"
