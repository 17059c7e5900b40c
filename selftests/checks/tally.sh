# SPDX-License-Identifier: GPL-2.0-only
# Counting for the check scripts: run a step or a KTAP program as one part, report its result, and sum up at the end.
# shellcheck shell=bash
# shellcheck source=tools/vm/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/../../tools/vm/lib.sh"

LOGS=$BUILD/log/check
RESULTS=$LOGS/results
rm -rf "$LOGS"
mkdir -p "$LOGS"
: > "$RESULTS"

# part_log NAME: print the file for that part's output.
part_log() { printf '%s/%s.out\n' "$LOGS" "${1//[^a-zA-Z0-9.@_-]/_}"; }

seconds_since() {
	local ms=$((($(date +%s%N) - $1) / 1000000))
	printf '%d.%d' $((ms / 1000)) $((ms % 1000 / 100))
}

# check_step NAME CMD...: run a command that is a single test; its output is only shown if it fails.
check_step() {
	local name=$1 out t0 verdict=pass
	shift
	out=$(part_log "$name")
	t0=$(date +%s%N)
	"$@" >"$out" 2>&1 </dev/null || verdict=fail
	printf '%s\tstep\t%s\n' "$verdict" "$name" >> "$RESULTS"
	if [ "$verdict" = pass ]; then
		echo "$name: passed ($(seconds_since "$t0") s)"
	else
		tail -n 60 "$out" | sed 's/^/    /'
		echo "  FAILED $name ($(seconds_since "$t0") s), all of it in $out"
	fi
}

# check_ktap NAME CMD...: run a command that prints KTAP. Its standard error is kept separately and shown on failure.
check_ktap() {
	local name=$1 out t0 status=0 before
	shift
	out=$(part_log "$name")
	t0=$(date +%s%N)
	"$@" >"$out" 2>"$out.err" </dev/null || status=$?
	before=$(grep -c "^fail	$name	" "$RESULTS" || true)
	# A single write, so that reports of parallel parts are not mixed.
	{
		"$TOP/selftests/checks/ktap" "$name" "$status" "$(seconds_since "$t0")" "$RESULTS" < "$out"
		if [ "$(grep -c "^fail	$name	" "$RESULTS" || true)" != "$before" ]; then
			tail -n 80 "$out.err" | sed 's/^/    | /'
			echo "    all of it in $out and $out.err"
		fi
	} > "$out.report" 2>&1
	cat "$out.report"
}

# spawn CMD...: run a part in parallel to others, as many at a time as there are processors. Waited for before tally.
spawn() {
	while [ "$(jobs -rp | wc -l)" -ge "$(nproc)" ]; do wait -n || true; done
	"$@" &
}

# alone CMD...: run a part after the others have ended, and start no other one in the meantime.
alone() {
	wait
	"$@"
}

# never_run: print the names of tests that were skipped and that no part ran. Usually, another boot has what one lacks.
never_run() {
	awk -F '\t' '$1 != "skip" { ran[$3] = 1 } $1 == "skip" && !($3 in name) { name[$3] = 1; order[n++] = $3 }
		END { for (i = 0; i < n; i++) if (!(order[i] in ran)) print "  " order[i] }' "$RESULTS"
}

# kernel_versions NAMES: print a line with the current version of each, for the reports.
kernel_versions() {
	local k versions=()
	for k in $1; do
		if [ -e "$CACHE/kernels/$k/version" ]; then versions+=("$k is $(cat "$CACHE/kernels/$k/version")"); fi
	done
	local IFS=,
	[ "${#versions[@]}" = 0 ] || echo "kernels: ${versions[*]}" | sed 's/,/, /g'
}

# tally: print the final lines; fails if anything failed or nothing ran.
tally() {
	local passed failed skipped never
	wait
	passed=$(grep -c '^pass	' "$RESULTS" || true)
	failed=$(grep -c '^fail	' "$RESULTS" || true)
	skipped=$(grep -c '^skip	' "$RESULTS" || true)
	never=$(never_run)
	if [ -n "$never" ]; then
		printf 'skipped wherever they were tried:\n%s\n' "$never"
	fi
	if [ "$failed" -gt 0 ]; then
		echo "failed:"
		sed -n 's/^fail	\([^	]*\)	/  \1: /p' "$RESULTS"
	fi
	kernel_versions "${KERNELS:-}"
	echo "$passed passed, $failed failed, $skipped skipped"
	[ "$failed" = 0 ] && [ "$passed" -gt 0 ]
}
