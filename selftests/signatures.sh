#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Load the module on a kernel that enforces signatures (module.sig_enforce=1, as with Secure Boot): signed with DKMS's own key,
# which this machine does not trust; without a signature; with a damaged one.
# usage: signatures.sh SIGNED-MODULE UNSIGNED-MODULE
# shellcheck source=selftests/tap.sh
. /selftests/tap.sh
signed=$1 unsigned=$2

# refused MODULE ERROR TEXT: check that it is refused with this error, and that the kernel logs this text
refused() {
	dmesg -c >/dev/null
	insmod "$1" >/tmp/said 2>&1 && return 1
	dmesg >> /tmp/said
	grep -q "$2" /tmp/said && grep -q "$3" /tmp/said
}

tap_plan 6
[ "$(cat /sys/module/module/parameters/sig_enforce)" = Y ]; result $? signatures_are_enforced
# For comparison: modules signed with Debian's key were loaded before.
grep -q '^drm_shmem_helper ' /proc/modules; result $? modules_of_a_trusted_key_load
refused "$signed" 'Key was rejected' 'module with unavailable key'; result $? that_of_an_unknown_key_is_refused /tmp/said
refused "$unsigned" 'Key was rejected' 'unsigned module'; result $? one_without_a_signature_is_refused /tmp/said
# The end of the signature is overwritten with zeroes; its description is unchanged.
head -c 40 /dev/zero > /tmp/tail
{ head -c "$(($(wc -c < "$signed") - 68))" "$signed"; cat /tmp/tail; tail -c 28 "$signed"; } > /tmp/damaged.ko
refused /tmp/damaged.ko 'Key was rejected' 'not signed with expected PKCS#7 message'; result $? a_damaged_signature_is_refused /tmp/said
! grep -q '^rknpu ' /proc/modules; result $? nothing_of_ours_is_loaded
tap_end
