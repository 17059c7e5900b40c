#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# What a kernel that enforces signatures (module.sig_enforce=1, as Secure Boot has it) makes of our module: signed by the key
# that DKMS made, which this machine has not been told to trust; without a signature; with a damaged one.
# usage: signatures.sh SIGNED-MODULE UNSIGNED-MODULE
signed=$1 unsigned=$2
n=0 failed=0

result() {
	n=$((n + 1))
	if [ "$1" = 0 ]; then echo "ok $n - $2"; else sed 's/^/# /' /tmp/said; echo "not ok $n - $2"; failed=1; fi
}
# refused MODULE ERROR TEXT: with that error, and the kernel says so
refused() {
	dmesg -c >/dev/null
	insmod "$1" >/tmp/said 2>&1 && return 1
	dmesg >> /tmp/said
	grep -q "$2" /tmp/said && grep -q "$3" /tmp/said
}

echo "TAP version 13"
echo "1..6"
: > /tmp/said
[ "$(cat /sys/module/module/parameters/sig_enforce)" = Y ]; result $? signatures_are_enforced
# The control: those of Debian's key were loaded before.
grep -q '^drm_shmem_helper ' /proc/modules; result $? modules_of_a_trusted_key_load
refused "$signed" 'Key was rejected' 'module with unavailable key'; result $? that_of_an_unknown_key_is_refused
refused "$unsigned" 'Key was rejected' 'unsigned module'; result $? one_without_a_signature_is_refused
# The end of the signature is zeroes; what describes it is as it was.
head -c 40 /dev/zero > /tmp/tail
{ head -c "$(($(wc -c < "$signed") - 68))" "$signed"; cat /tmp/tail; tail -c 28 "$signed"; } > /tmp/damaged.ko
refused /tmp/damaged.ko 'Key was rejected' 'not signed with expected PKCS#7 message'; result $? a_damaged_signature_is_refused
! grep -q '^rknpu ' /proc/modules; result $? nothing_of_ours_is_loaded
exit $failed
