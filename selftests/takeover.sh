#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# The NPU goes from a driver that has our module's name, as one that is built into the kernel has it, to ours under another
# name, and back. The stand-in is loaded.
# usage: takeover.sh OUR-MODULE-UNDER-THE-SAME-NAME OUR-MODULE-UNDER-ANOTHER TAKEOVER-TOOL
. /drivers.sh

echo "TAP version 13"
echo "1..10"
[ "$(drivers)" = "RKNPU " ]; result $? another_driver_has_the_npu
! insmod "$1" 2>/tmp/said && grep -q 'File exists' /tmp/said; result $? a_module_of_the_same_name_is_refused
insmod "$2"; result $? one_of_another_name_is_not
[ "$(drivers)" = "RKNPU " ] && [ ! -e /dev/dri/card1 ]; result $? it_takes_nothing_by_itself
"$3" --dry-run | grep -q 'echo fdab0000.npu > /sys/bus/platform/devices/fdab0000.npu/driver/unbind' && [ "$(drivers)" = "RKNPU " ]
result $? dry_run_says_what_it_would_do
"$3" && [ "$(drivers)" = "rknpu_open " ]; result $? takeover_gives_it_all_cores
/selftests/run-all.sh test_closed_flow >/tmp/said 2>&1; status=$?
[ $status = 0 ] || sed 's/^/# /' /tmp/said
result $status programs_run
rmmod rknpu 2>/tmp/said; result $? the_other_driver_is_not_needed_any_more
rmmod rknpu_open && [ -z "$(drivers)" ]; result $? ours_leaves
insmod /vm/modules/rknpu.ko && "$3" --back && [ "$(drivers)" = "RKNPU " ]; result $? it_goes_back
exit $failed
