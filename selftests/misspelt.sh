#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# A misspelt value of isolation= must not silently select the weaker mode: the module is not loaded.
# shellcheck source=selftests/tap.sh
. /selftests/tap.sh

tap_plan 3
! insmod "$RKNPU_KO" isolation=files
result $? a_misspelt_word_is_refused
dmesg | grep -q "rknpu: isolation=files: neither process nor file"
result $? the_log_says_why
insmod "$RKNPU_KO" isolation=file && [ "$(cat /sys/module/rknpu/parameters/isolation)" = file ] && rmmod rknpu
result $? the_right_word_is_taken
tap_end
