#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# A module that DKMS signed: it loads, and a kernel that wants signatures sees that it has one, of a key that this machine
# does not trust. The machine's owner enrols that key; no emulated firmware here could.
# usage: signed.sh SIGNED-MODULE
n=0 failed=0

result() {
	n=$((n + 1))
	if [ "$1" = 0 ]; then echo "ok $n - $2"; else dmesg | tail -n 5 | sed 's/^/# /'; echo "not ok $n - $2"; failed=1; fi
}

echo "TAP version 13"
echo "1..5"
insmod "$1" && rmmod rknpu; result $? it_loads
echo 1 > /sys/module/module/parameters/sig_enforce; result $? signatures_become_mandatory
insmod "$1" 2>/dev/null; [ $? != 0 ] && dmesg | tail -n 5 | grep -q 'Loading of module with unavailable key is rejected'
result $? the_signature_is_seen_and_its_key_is_not_known
insmod "$RKNPU_KO" 2>/dev/null; [ $? != 0 ] && dmesg | tail -n 5 | grep -q 'Loading of unsigned module is rejected'
result $? without_a_signature_it_is_refused_as_such
head -c 100000 "$1" > /tmp/cut.ko; tail -c 1000 "$1" >> /tmp/cut.ko; insmod /tmp/cut.ko 2>/dev/null; [ $? != 0 ]
result $? a_changed_one_is_refused
exit $failed
