#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Goes, with a job on every core, to a second kernel, which must find the device quiet. That one has what this one has,
# and so comes here too, but for a file that says which it is; and its verdict is the boot's.
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
