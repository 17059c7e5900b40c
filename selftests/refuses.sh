#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# A tree that the driver cannot run on: it says why in one line, leaves nothing behind, and unloads.
# usage: refuses.sh MESSAGE
echo "TAP version 13"
echo "1..4"

n=0
result() {
	n=$((n + 1))
	if [ "$1" = 0 ]; then echo "ok $n - $2"; else echo "not ok $n - $2"; failed=1; fi
}

insmod "$RKNPU_KO"
result $? the_module_loads
said=$(dmesg | grep -c "RKNPU .*$1")
[ "$said" = 1 ] || dmesg | grep RKNPU | sed 's/^/# /'
[ "$said" = 1 ]
result $? one_line_says_why
[ ! -e /dev/dri/card1 ] && [ ! -e /dev/dri/renderD129 ]
result $? there_is_no_node
rmmod rknpu
result $? it_unloads
exit "${failed:-0}"
