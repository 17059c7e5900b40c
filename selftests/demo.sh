#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# The demo and the benchmark as test cases: they end well and say what they are read for.
cd "$(dirname "$0")" || exit 1
number=0
failed=0

result() {
	number=$((number + 1))
	if [ "$1" -eq 0 ]; then
		echo "ok $number $2"
	else
		echo "not ok $number $2"
		failed=1
	fi
}

echo "TAP version 13"
echo "1..2"
out=$(./rknpu-demo 2>&1)
status=$?
echo "$out" | sed 's/^/# /'
[ "$status" -eq 0 ] && echo "$out" | grep -Eq '^demo: ([0-9]+) of \1 results correct$'
result $? demo_is_all_correct
out=$(./rknpu-bench wall 2>&1)
status=$?
echo "$out" | sed 's/^/# /'
[ "$status" -eq 0 ] && echo "$out" | grep -Eq '^twin_matmul_int8_512_s [0-9.]+ s$'
result $? bench_prints_its_line
exit $failed
