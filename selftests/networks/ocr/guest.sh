#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Inside the guest: run the program while tracing the driver's events.
tracing=/sys/kernel/tracing
echo 1 > $tracing/events/rknpu/enable
/ocr/ocr /ocr
status=$?
echo 0 > $tracing/tracing_on
mkdir -p /ocr/out
cat $tracing/trace > /ocr/out/trace
mv /ocr/text /ocr/out/
exit $status
