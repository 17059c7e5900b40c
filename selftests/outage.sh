#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Load the driver first, and then the module whose power and resets fail on demand: the driver waits for these (R6).
# Then run its tests.
insmod "$RKNPU_KO" || exit 1
if [ -e /dev/dri/renderD129 ]; then
	echo "# there is a node before its resets and its power" >&2
	exit 1
fi
insmod /rknpu_outage.ko || exit 1
n=0
while [ ! -e /dev/dri/renderD129 ] && [ $n -lt 100 ]; do
	n=$((n + 1))
	sleep 0.1
done
/selftests/run-all.sh "${@:-test_outage}"
status=$?
rmmod rknpu || exit 1
exit "$status"
