#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Boot a second kernel by kexec, with a job on every core; it must find the device quiet. The second kernel has the same
# files, so it runs this script too, plus a file that identifies it; its result is that of the boot.
# usage: kexec.sh IMAGE (a path without its first slash)
if [ -e /second ]; then
	exec /selftests/run-all.sh test_ident test_submit test_lifecycle
fi
/selftests/leave-busy > /dev/kmsg || exit 1
mkdir /tmp/second
: > /tmp/second/second
(
	cd / && find . -xdev \( -path ./tmp -o -path "./$1" \) -prune -o -print | cpio -o -H newc
	cd /tmp/second && find . | cpio -o -H newc
) > /tmp/initrd 2>/tmp/said || { cat /tmp/said; exit 1; }
exec /selftests/kexec-again "/$1" /tmp/initrd
