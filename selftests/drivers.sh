# SPDX-License-Identifier: GPL-2.0-only
# What the tests of several drivers for one NPU share.
# shellcheck shell=sh
# shellcheck disable=SC2034 # failed is the exit status of who reads this
n=0 failed=0

# result STATUS CASE
result() {
	n=$((n + 1))
	if [ "$1" = 0 ]; then echo "ok $n - $2"; else echo "not ok $n - $2"; failed=1; fi
}

# drivers: of the three cores, each once
drivers() {
	for d in /sys/bus/platform/devices/fda[bcd]0000.npu; do
		[ ! -e "$d/driver" ] || basename "$(readlink "$d/driver")"
	done | sort -u | tr '\n' ' '
}
