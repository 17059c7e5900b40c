# SPDX-License-Identifier: GPL-2.0-only
# Print the test cases of a shell script as TAP. The script sources this file and calls:
#   tap_begin                    first, or
#   tap_plan COUNT               if the number of cases is known beforehand
#   result STATUS CASE [FILE]    for each case: it passed if STATUS is 0; otherwise FILE is shown
#   skip CASE WHY                for a case that cannot be run here
#   tap_end                      last: exits with 0, with 1 if a case failed, with 4 if none was run
# shellcheck shell=sh
tap_count=0 tap_tried=0 tap_failed=0 tap_planned=

tap_begin() { echo "TAP version 13"; }

tap_plan() {
	tap_begin
	echo "1..$1"
	tap_planned=$1
}

result() {
	tap_count=$((tap_count + 1))
	tap_tried=$((tap_tried + 1))
	if [ "$1" = 0 ]; then
		echo "ok $tap_count - $2"
	else
		[ -z "${3:-}" ] || sed 's/^/# /' "$3"
		echo "not ok $tap_count - $2"
		tap_failed=1
	fi
}

skip() {
	tap_count=$((tap_count + 1))
	echo "ok $tap_count - $1 # SKIP $2"
}

tap_end() {
	[ -n "$tap_planned" ] || echo "1..$tap_count"
	[ "$tap_tried" -gt 0 ] || exit 4
	exit "$tap_failed"
}
