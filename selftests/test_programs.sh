#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# The demo and the benchmarks as test cases: they succeed and print the expected lines.
cd "$(dirname "$0")" || exit 1
# shellcheck source=selftests/tap.sh
. ./tap.sh

# program NAME PATTERN COMMAND...: check that it succeeds, and that a line of its output matches
program() {
	name=$1 pattern=$2
	shift 2
	# shellcheck disable=SC2254 # it is a pattern
	case $name in ${T:-*}) ;; *) return ;; esac
	out=$("$@" 2>&1)
	status=$?
	echo "$out" | sed 's/^/# /'
	if [ $status -eq 0 ] && echo "$out" | grep -Eq "$pattern"; then
		result 0 "$name"
	elif echo "$out" | grep -q 'instruction counter'; then
		skip "$name" 'needs a machine that counts instructions'
	else
		result 1 "$name"
	fi
}

tap_begin
program demo_is_all_correct '^demo: ([0-9]+) of \1 results correct$' ./rknpu-demo digits /tmp/digits.png
program bench_times_a_product '^twin_matmul_int8_512_s 0*\.?0*[1-9][0-9.]* s$' ./rknpu-bench wall
program bench_counts_instructions '^submit_blocking_insns [1-9][0-9]* instructions$' ./rknpu-bench insns
tap_end
