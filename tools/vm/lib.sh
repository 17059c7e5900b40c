# SPDX-License-Identifier: GPL-2.0-only
# What the scripts of the test bed share: where things lie, which kernel comes from which suite, how progress is told.
# shellcheck shell=bash

TOP=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd -P)
VM=$TOP/tools/vm
CACHE=${XDG_CACHE_HOME:-$HOME/.cache}/rknpu
# What is installed as a package builds nothing there.
case $TOP in
/usr/*) BUILD=${RKNPU_BUILD:-$CACHE/build} ;;
*) BUILD=${RKNPU_BUILD:-$TOP/build} ;;
esac
# The compiler that Debian built the kernels with (6.1: an older one, whose modules load all the same).
KCC=aarch64-linux-gnu-gcc-14
# One small root directory holds the compiler and the headers of all kernels.
KROOT=$CACHE/kroot
# There when it is whole; another name when fetch-compiler puts more into it.
KROOT_READY=$KROOT/.ready-2
# There when it also holds what building a whole kernel takes.
KROOT_WHOLE=$KROOT/.whole-1
# There when it also holds clang and what goes with it, by this ending of their names.
KLLVM=-19
KROOT_CLANG=$KROOT/.clang$KLLVM
export TOP VM CACHE BUILD KCC KROOT KROOT_READY KROOT_WHOLE KLLVM KROOT_CLANG

say() { printf '%s\n' "$*" >&2; }
die() { say "${0##*/}: $*"; exit 1; }

# step TEXT CMD...: run CMD, then say what was done and how long it took.
step() {
	local text=$1 t0 ms
	shift
	t0=$(date +%s%N)
	"$@"
	ms=$((($(date +%s%N) - t0) / 1000000))
	say "$(printf '%6d.%01d s  %s' $((ms / 1000)) $((ms % 1000 / 100)) "$text")"
}

# in_kroot CMD...: run a command in the build root. Who may not chroot or make device nodes does both in a name space of
# his own.
in_kroot() {
	local env=(env -i PATH=/usr/sbin:/usr/bin HOME=/ LC_ALL=C)
	if [ "$(id -u)" = 0 ] && [ -c "$KROOT/dev/null" ]; then
		chroot "$KROOT" "${env[@]}" "$@"
	else
		# shellcheck disable=SC2016 # the inner shell expands it
		unshare -rm sh -c 'mount --bind /dev/null "$0/dev/null" && exec chroot "$0" "$@"' "$KROOT" "${env[@]}" "$@"
	fi
}

# The kernels that Debian builds for arm64, by the names used here: version, then flavour or suite where it is not the
# usual one. newest is whatever the backports offer; its version is in every report.
KERNEL_NAMES="6.1 6.1-rt 6.12 6.12-bpo 6.12-rt 6.12-16k newest newest-rt newest-16k"
export KERNEL_NAMES

# suite_of KERNEL: the Debian suite whose kernel has that name.
suite_of() {
	case $1 in
	6.1 | 6.1-rt) echo bookworm ;;
	6.12-bpo) echo bookworm-backports ;;
	6.12 | 6.12-rt | 6.12-16k | debug) echo trixie ;;
	newest | newest-rt | newest-16k | debug-newest) echo trixie-backports ;;
	unstable) echo sid ;;
	experimental) echo experimental ;;
	*) die "unknown kernel '$1' (known: $KERNEL_NAMES debug debug-newest unstable experimental)" ;;
	esac
}

# meta_of KERNEL: the end of the names of the packages that stand for its newest build: linux-image-arm64 and so on.
meta_of() {
	case $1 in
	*-rt) echo rt-arm64 ;;
	*-16k) echo arm64-16k ;;
	*) echo arm64 ;;
	esac
}

# debug_config NAME: what that debug kernel is configured with
debug_config() {
	grep '^CONFIG_' "$VM/debug.config" | if [ "$1" = debug ]; then cat; else
		grep -vE "^($(sed -n 's/^# (\(.*\) is gone)$/\1/p' "$VM/$1.config" | paste -sd '|'))="
		grep '^CONFIG_' "$VM/$1.config"
	fi
}

# debug_recipe NAME: a name for what the debug kernel is made of, apart from its source. The number goes up when
# build-debug-kernel comes to keep something else.
debug_recipe() { { debug_config "$1"; echo "$KCC 1"; } | sha256sum | cut -c1-16; }
