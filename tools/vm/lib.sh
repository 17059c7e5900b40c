# SPDX-License-Identifier: GPL-2.0-only
# Shared by the scripts of the test bed: directories, names and suites of kernels, progress messages.
# shellcheck shell=bash

TOP=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd -P)
VM=$TOP/tools/vm
CACHE=${XDG_CACHE_HOME:-$HOME/.cache}/rknpu
# The installed package must not build in its own directory.
case $TOP in
/usr/*) BUILD=${RKNPU_BUILD:-$CACHE/build} ;;
*) BUILD=${RKNPU_BUILD:-$TOP/build} ;;
esac
# The compiler that Debian built the kernels with (an older one for 6.1, but modules built with this one load).
KCC=aarch64-linux-gnu-gcc-14
# One small root directory holds the compiler and the headers of all kernels.
KROOT=$CACHE/kroot
# Exists if the root is complete; the name changes when fetch-compiler adds more packages.
KROOT_READY=$KROOT/.ready-2
# Exists if the root also has what is needed to build a whole kernel.
KROOT_WHOLE=$KROOT/.whole-1
# Exists if the root also has clang and its tools, whose names have this suffix.
KLLVM=-19
KROOT_CLANG=$KROOT/.clang$KLLVM
export TOP VM CACHE BUILD KCC KROOT KROOT_READY KROOT_WHOLE KLLVM KROOT_CLANG

say() { printf '%s\n' "$*" >&2; }
die() { say "${0##*/}: $*"; exit 1; }

# step TEXT CMD...: run CMD, then print TEXT and the time that it took.
step() {
	local text=$1 t0 ms
	shift
	t0=$(date +%s%N)
	"$@"
	ms=$((($(date +%s%N) - t0) / 1000000))
	say "$(printf '%6d.%01d s  %s' $((ms / 1000)) $((ms % 1000 / 100)) "$text")"
}

# set_up OPTION...: call setup, unless the script that called this one has done so with the same options
set_up() {
	case ${RKNPU_SET_UP:-} in *"|$*|"*) return ;; esac
	"$VM/setup" "$@"
	export RKNPU_SET_UP="${RKNPU_SET_UP:-|}$*|"
	# What boots a kernel includes what builds for it.
	[ $# != 2 ] || [ "$1" != --kernels ] || RKNPU_SET_UP+="--headers $2|"
}

# in_kroot CMD...: run a command in the build root. Without permission to use chroot or create device nodes, this is done
# in a separate namespace.
in_kroot() {
	local env=(env -i PATH=/usr/sbin:/usr/bin HOME=/ LC_ALL=C)
	if [ "$(id -u)" = 0 ] && [ -c "$KROOT/dev/null" ]; then
		chroot "$KROOT" "${env[@]}" "$@"
	else
		# shellcheck disable=SC2016 # the inner shell expands it
		unshare -rm sh -c 'mount --bind /dev/null "$0/dev/null" && exec chroot "$0" "$@"' "$KROOT" "${env[@]}" "$@"
	fi
}

# The kernels that Debian builds for arm64, by the names used here: version, then flavour or suite unless it is the usual
# one. newest is the version in backports at the moment; its version is in every report.
KERNEL_NAMES="6.1 6.1-rt 6.12 6.12-bpo 6.12-rt 6.12-16k newest newest-rt newest-16k"
export KERNEL_NAMES

# suite_of KERNEL: print the Debian suite that has this kernel.
suite_of() {
	case $1 in
	6.1 | 6.1-rt) echo bookworm ;;
	6.12-bpo) echo bookworm-backports ;;
	6.12 | 6.12-rt | 6.12-16k | debug | debug-races) echo trixie ;;
	newest | newest-rt | newest-16k | debug-newest) echo trixie-backports ;;
	unstable) echo sid ;;
	experimental) echo experimental ;;
	*) die "unknown kernel '$1' (known: $KERNEL_NAMES debug debug-newest debug-races unstable experimental)" ;;
	esac
}

# meta_of KERNEL: print the suffix of the meta packages for its newest build: linux-image-arm64 and so on.
meta_of() {
	case $1 in
	*-rt) echo rt-arm64 ;;
	*-16k) echo arm64-16k ;;
	*) echo arm64 ;;
	esac
}

# debug_config NAME: print the configuration of that debug kernel
debug_config() {
	grep '^CONFIG_' "$VM/debug.config" | if [ "$1" = debug ]; then cat; else
		grep -vE "^($(sed -n 's/^# (\(.*\) is gone)$/\1/p' "$VM/$1.config" | paste -sd '|'))="
		grep '^CONFIG_' "$VM/$1.config"
	fi
}

# debug_recipe NAME: print a hash of everything that the debug kernel is built from, except its source. Increase the number
# when build-debug-kernel keeps other files.
debug_recipe() { { debug_config "$1"; echo "$KCC 1"; } | sha256sum | cut -c1-16; }
