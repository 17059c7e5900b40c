#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# The examples as test cases: each checks its results, and exits with 0, or with 4 if something is missing.
cd "$(dirname "$0")" || exit 1
# shellcheck source=selftests/tap.sh
. ./tap.sh

tap_begin
for program in example-*; do
	# shellcheck disable=SC2254 # it is a pattern
	case $program in ${T:-*}) ;; *) continue ;; esac
	out=$("./$program" 2>&1)
	status=$?
	echo "$out" | sed 's/^/# /'
	case $status in
	4) skip "$program" "$out" ;;
	*) [ $status = 0 ] || echo "# status $status"; result $status "$program" ;;
	esac
done
tap_end
