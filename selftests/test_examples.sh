#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# The examples as test cases: each checks what it computes, and ends with 0, or with 4 where something is missing.
cd "$(dirname "$0")" || exit 1
number=0
failed=0
ran=

echo "TAP version 13"
for program in example-*; do
	# shellcheck disable=SC2254 # it is a pattern
	case $program in ${T:-*}) ;; *) continue ;; esac
	number=$((number + 1))
	out=$("./$program" 2>&1)
	status=$?
	echo "$out" | sed 's/^/# /'
	case $status in
	0) ran=1; echo "ok $number $program" ;;
	4) echo "ok $number $program # SKIP $out" ;;
	*) ran=1; failed=1; echo "not ok $number $program # status $status" ;;
	esac
done
echo "1..$number"
[ -n "$ran" ] || exit 4
exit $failed
