# SPDX-License-Identifier: GPL-2.0-only
# Shared by the tests of several drivers for one NPU.
# shellcheck shell=sh
# shellcheck source=selftests/tap.sh
. /selftests/tap.sh

# drivers: print the drivers of the three cores, each once
drivers() {
	for d in /sys/bus/platform/devices/fda[bcd]0000.npu; do
		[ ! -e "$d/driver" ] || basename "$(readlink "$d/driver")"
	done | sort -u | tr '\n' ' '
}
