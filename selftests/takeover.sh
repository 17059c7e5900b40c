#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# The NPU is moved from a driver with the same module name, like one that is built into the kernel, to this driver under
# another name, and back, but not while it is in use. The stand-in is loaded.
# usage: takeover.sh OUR-MODULE-UNDER-THE-SAME-NAME OUR-MODULE-UNDER-ANOTHER TAKEOVER-TOOL
. /drivers.sh

# hold WHAT: start a process that uses the NPU in that way
hold() {
	rm -f /tmp/held
	mkfifo /tmp/held
	/selftests/hold "$1" > /tmp/held &
	held=$!
	read -r said < /tmp/held && [ "$said" = held ]
}

tap_plan 19
[ "$(drivers)" = "RKNPU " ]; result $? another_driver_has_the_npu
! insmod "$1" 2>/tmp/said && grep -q 'File exists' /tmp/said; result $? a_module_of_the_same_name_is_refused
insmod "$2"; result $? one_of_another_name_is_not
[ "$(drivers)" = "RKNPU " ] && [ ! -e /dev/dri/card1 ]; result $? it_takes_nothing_by_itself
"$3" --dry-run | grep -q 'echo fdab0000.npu > /sys/bus/platform/devices/fdab0000.npu/driver/unbind' && [ "$(drivers)" = "RKNPU " ]
result $? dry_run_says_what_it_would_do
"$3" --status > /tmp/said && grep -q '^fdad0000.npu: RKNPU, ' /tmp/said && grep -q '^not in use' /tmp/said; result $? status_of_an_idle_npu
"$3" > /tmp/said && [ "$(drivers)" = "rknpu_open " ] && grep -q '^device nodes: /dev/dri/card1 /dev/dri/renderD129' /tmp/said
result $? takeover_gives_it_all_cores
/selftests/run-all.sh test_closed_flow >/tmp/said 2>&1; result $? programs_run /tmp/said
for what in node job memory dmabuf; do
	hold $what && ! "$3" --back 2>/tmp/said && grep -q "in use: $held hold: has " /tmp/said && [ "$(drivers)" = "rknpu_open " ] &&
		"$3" --status | grep -q "^in use: $held hold: has "
	result $? "refused_while_somebody_has_a_$what"
	kill $held; wait $held 2>/dev/null
done
hold job && "$3" --back --end-users > /tmp/said 2>&1 && [ "$(drivers)" = "RKNPU " ] && ! kill -0 $held 2>/dev/null
result $? users_are_ended_if_told_to
wait $held 2>/dev/null
"$3" > /tmp/said && rmmod rknpu 2>/tmp/said; result $? the_other_driver_is_not_needed_any_more
rmmod rknpu_open && [ -z "$(drivers)" ]; result $? ours_leaves
insmod "$1" && "$3" --back > /tmp/said && insmod "$2" && [ "$(drivers)" = "RKNPU " ] && [ -e /dev/dri/card1 ]; result $? a_driver_with_nodes_has_it
hold job && ! "$3" 2>/tmp/said && grep -q "in use: $held hold: has /dev/dri/renderD129 open" /tmp/said && [ "$(drivers)" = "RKNPU " ]
result $? refused_forth_as_well
"$3" --end-users > /tmp/said 2>/tmp/errors && [ "$(drivers)" = "rknpu_open " ] && ! grep -q 'they were' /tmp/errors &&
	grep -q '^device nodes: /dev/dri/card1 /dev/dri/renderD129 $' /tmp/said
result $? the_nodes_keep_their_numbers
wait $held 2>/dev/null
"$3" --back > /tmp/said && [ "$(drivers)" = "RKNPU " ] && rmmod rknpu_open; result $? it_goes_back
tap_end
