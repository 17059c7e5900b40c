# SPDX-License-Identifier: GPL-2.0-only
# Functions to run commands in the root directories of fetch-root.
# shellcheck shell=bash
# shellcheck source=tools/vm/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/../../../tools/vm/lib.sh"
# shellcheck source=tools/vm/apt.sh
. "$VM/apt.sh"

# emulated CMD...: run a command that may run arm64 programs, using QEMU's user-mode emulation. The handler is only registered
# in a separate user namespace (Linux 6.7 and later), not for the rest of the machine.
emulated() {
	local keeper status=0
	[ "$(uname -m)" != aarch64 ] || { "$@"; return; }
	unshare --user --mount setpriv --pdeathsig KILL sleep infinity &
	keeper=$!
	until [ "$(readlink "/proc/$keeper/ns/user")" != "$(readlink /proc/self/ns/user)" ]; do sleep 0.1; done
	{ echo 0 0 4294967295 > "/proc/$keeper/uid_map" && echo 0 0 4294967295 > "/proc/$keeper/gid_map"; } || status=1
	# shellcheck disable=SC2016 # the inner shell expands it
	[ "$status" != 0 ] || nsenter --target "$keeper" --user --mount sh -ec '
		mount -t binfmt_misc none /proc/sys/fs/binfmt_misc
		cat /usr/lib/binfmt.d/qemu-aarch64.conf > /proc/sys/fs/binfmt_misc/register
		exec "$@"' emulated "$@" || status=$?
	kill "$keeper"
	return "$status"
}

# in_root ROOT DIR:GUESTDIR... CMD...: run a command in a root directory with the given host directories mounted. Changes
# elsewhere are discarded afterwards. Needs root.
in_root() {
	local root=$1 mounts=() before=() overlay=''
	shift
	# Root in a user namespace may not write the other attributes.
	if [ "$(cat "$root.arch" 2>/dev/null)" = arm64 ]; then before=(emulated) overlay=userxattr,; fi
	while [[ $1 == *:* ]]; do mounts+=("$1"); shift; done
	# shellcheck disable=SC2016 # the inner shell expands it
	"${before[@]}" unshare --mount --pid --fork --kill-child bash -euc '
		root=$1 n=$2 overlay=$3
		shift 3
		mount -t tmpfs -o size=80% layer /mnt
		mkdir /mnt/upper /mnt/work /mnt/root
		mount -t overlay -o "${overlay}lowerdir=$root,upperdir=/mnt/upper,workdir=/mnt/work" overlay /mnt/root
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
	' in_root "$root" "${#mounts[@]}" "$overlay" "${mounts[@]}" "$@"
}
