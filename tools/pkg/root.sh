# SPDX-License-Identifier: GPL-2.0-only
# Entering the root directories of fetch-root.
# shellcheck shell=bash
# shellcheck source=tools/vm/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/../vm/lib.sh"
# shellcheck source=tools/vm/apt.sh
. "$VM/apt.sh"

# in_root ROOT DIR:GUESTDIR... CMD...: run a command in a root directory in which directories of ours are visible. What it
# changes elsewhere is gone afterwards. Needs root.
in_root() {
	local root=$1 mounts=()
	shift
	while [[ $1 == *:* ]]; do mounts+=("$1"); shift; done
	# shellcheck disable=SC2016 # the inner shell expands it
	unshare --mount --pid --fork --kill-child bash -euc '
		root=$1 n=$2
		shift 2
		mount -t tmpfs -o size=80% layer /mnt
		mkdir /mnt/upper /mnt/work /mnt/root
		mount -t overlay -o "lowerdir=$root,upperdir=/mnt/upper,workdir=/mnt/work" overlay /mnt/root
		for ((; n > 0; n--)); do
			mkdir -p "/mnt/root${1#*:}"
			mount --bind "${1%%:*}" "/mnt/root${1#*:}"
			shift
		done
		mount -t proc proc /mnt/root/proc
		for f in null zero full random urandom tty; do
			[ -c "/mnt/root/dev/$f" ] || touch "/mnt/root/dev/$f"
			mount --bind "/dev/$f" "/mnt/root/dev/$f"
		done
		exec chroot /mnt/root /usr/bin/env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C.UTF-8 "$@"
	' in_root "$root" "${#mounts[@]}" "${mounts[@]}" "$@"
}
