#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Load the module whose power and resets fail on demand, then the driver, and run its tests.
insmod /rknpu_outage.ko && insmod "$RKNPU_KO" || exit 1
/selftests/run-all.sh test_outage
status=$?
rmmod rknpu || exit 1
exit "$status"
