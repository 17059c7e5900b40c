#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Load the scheduler's unit tests, which run at once, and pass on what KUnit writes to the kernel log, which is KTAP.
dmesg -c > /dev/null
insmod /rknpu_kunit.ko || exit 1
dmesg | sed -n 's/^\[ *[0-9.]*\] //; /^KTAP version 1$/,/ok 2 rknpu_queue$/p' > /tmp/kunit
cat /tmp/kunit
rmmod rknpu_kunit || exit 1
grep -q '^ok 1 rknpu_pick$' /tmp/kunit && grep -q '^ok 2 rknpu_queue$' /tmp/kunit
