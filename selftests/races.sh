#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# In a guest whose kernel looks for data races: run a command while another process reads everything that tells of the
# driver, and say how many accesses were watched. Reports are in the kernel log, which fails the run.
# usage: races.sh COMMAND...
kcsan=/sys/kernel/debug/kcsan
grep -q '^enabled: 1' $kcsan || { echo "Bail out! KCSAN is off"; exit 1; }

look() {
	# Ends after cat, not in the middle of it: an open file keeps the module from being unloaded
	trap 'exit' TERM
	while :; do
		cat /proc/[0-9]*/fdinfo/* /sys/class/drm/renderD*/device/npu/* /sys/kernel/debug/rknpu/* /sys/class/devfreq/*.npu/*
		sleep 0.02
	done >/dev/null 2>&1
}

look &
looks=$!
"$@"
status=$?
kill $looks
wait $looks

sed -n 's/^\(setup_watchpoints\|data_races\): /# KCSAN: \1 /p' $kcsan
if grep -q '^setup_watchpoints: 0$' $kcsan; then
	echo "Bail out! KCSAN has watched nothing"
	exit 1
fi
exit $status
