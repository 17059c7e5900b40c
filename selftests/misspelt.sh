#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# A misspelt word for isolation= must not give the weaker mode in silence: the module is not loaded.
echo "TAP version 13"
echo "1..3"

n=0
result() {
	n=$((n + 1))
	if [ "$1" = 0 ]; then echo "ok $n - $2"; else echo "not ok $n - $2"; failed=1; fi
}

! insmod "$RKNPU_KO" isolation=files
result $? a_misspelt_word_is_refused
dmesg | grep -q "rknpu: isolation=files: neither process nor file"
result $? the_log_says_why
insmod "$RKNPU_KO" isolation=file && [ "$(cat /sys/module/rknpu/parameters/isolation)" = file ] && rmmod rknpu
result $? the_right_word_is_taken
exit "${failed:-0}"
