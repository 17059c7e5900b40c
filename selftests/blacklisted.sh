#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# The kernel command line blacklists the initcall of the vendor's driver: that never starts, and this driver gets the NPU at
# once. A module's initcall is used instead of a built-in one; both go through the kernel's do_one_initcall(), which looks up
# its name in the list.
# usage: blacklisted.sh ANOTHER-DRIVER OUR-MODULE
# shellcheck source=selftests/drivers.sh
. /drivers.sh

tap_plan 5
! insmod "$1" 2>/tmp/said && dmesg | grep -q 'initcall rknpu_init blacklisted'; result $? another_driver_does_not_start
[ -z "$(drivers)" ]; result $? it_has_no_core
insmod "$2" && [ "$(drivers)" = "rknpu_open " ]; result $? ours_takes_all_cores
/selftests/run-all.sh test_closed_flow >/tmp/said 2>&1; result $? programs_run /tmp/said
rmmod rknpu_open && [ -z "$(drivers)" ]; result $? ours_leaves
tap_end
