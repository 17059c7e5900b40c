#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# The demonstration inside the guest: run the program while tracing the driver's events.
tracing=/sys/kernel/tracing
mkdir -p /demo/out
echo 1 > $tracing/events/rknpu/enable
/demo/rknpu-demo /demo /demo/out/digits.png
status=$?
echo 0 > $tracing/tracing_on
cat $tracing/trace > /demo/out/trace
exit $status
