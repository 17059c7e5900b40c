#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# A tree that the driver cannot use: it logs the reason in one line, leaks nothing, and can be unloaded.
# usage: refuses.sh MESSAGE
# shellcheck source=selftests/tap.sh
. /selftests/tap.sh

tap_plan 4
insmod "$RKNPU_KO"
result $? the_module_loads
dmesg | grep RKNPU > /tmp/said
[ "$(grep -c "RKNPU .*$1" /tmp/said)" = 1 ]
result $? one_line_says_why /tmp/said
[ ! -e /dev/dri/card1 ] && [ ! -e /dev/dri/renderD129 ]
result $? there_is_no_node
rmmod rknpu
result $? it_unloads
tap_end
