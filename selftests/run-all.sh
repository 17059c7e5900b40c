#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Run the test programs next to this script, all or the given ones, one after another; fail if one fails.
# T=PATTERN selects programs by name; if it matches none, it selects test cases in all programs.
cd "$(dirname "$0")" || exit 1

if [ $# -eq 0 ]; then
	# Tests that unload the driver come last
	for t in test_*; do
		[ "$t" = test_lifecycle ] || set -- "$@" "$t"
	done
	set -- "$@" test_lifecycle
fi
if [ -n "$T" ]; then
	picked=
	for t in "$@"; do
		# shellcheck disable=SC2254 # it is a pattern
		case $t in $T) picked="$picked $t" ;; esac
	done
	if [ -n "$picked" ]; then
		unset T
		# shellcheck disable=SC2086 # names without spaces
		set -- $picked
	fi
fi

failed=
ran=
for t in "$@"; do
	echo "# program $t"
	"./$t"
	case $? in
	0) ran=1 ;;
	4) ;;
	*) ran=1 failed="$failed $t" ;;
	esac
done
[ -z "$failed" ] || { echo "# failed:$failed"; exit 1; }
[ -n "$ran" ] || exit 4
