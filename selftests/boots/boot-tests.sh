# SPDX-License-Identifier: GPL-2.0-only
# Run a list of guest boots, each of which is one part of the checks and prints KTAP.
# The list: one line per boot, `name | options of tools/vm/run | command in the guest`; # starts a comment. A boot whose name
# ends in @KERNEL is only for that kernel, one with @!KERNEL is for all others.
# The options may name another kernel (--kernel), $boot_kernel, and $debian_kernel, which for a debug kernel is the one that
# Debian builds from the same source, and $kcsan, arguments of a kernel that looks for data races. In the guest, /selftests is
# the build of selftests/.
# shellcheck shell=bash

# one_boot NAME KERNEL OPTIONS COMMAND
one_boot() {
	local part=$1@$2 options=() common
	# shellcheck disable=SC2034 # the options may say them
	local boot_kernel=$2 debian_kernel=${2#debug-}
	# shellcheck disable=SC2034
	case $2 in debug | debug-races) debian_kernel=6.12 ;; esac
	# One access in 101 is watched, for a time in which another emulated processor does something: time-outs still hold.
	# shellcheck disable=SC2034
	local kcsan='kcsan.early_enable=1 kcsan.skip_watch=101 kcsan.udelay_task=1000 kcsan.udelay_interrupt=200 panic_on_warn=0'
	eval "options=($3)"
	common=(--kernel "$2" --log "$LOGS/$1@$2.klog" --add "$BUILD/selftests:/selftests")
	# On the slow kernel, instructions drive the clock, so nothing is late, regardless of other load on the machine.
	case "$2 ${options[*]} " in
	*' --smp '* | *' --icount '*) ;;
	debug*) common+=(--icount) ;;
	esac
	if [ -n "$PROGRAM_PATTERN" ]; then common+=(--env "T=$PROGRAM_PATTERN"); fi
	check_ktap "$part" "$VM/run" "${common[@]}" "${options[@]}" -- sh -c "$4"
}

# boot_is_for ONLY KERNEL: ONLY is the suffix of the boot's name. Boots for `debug` are for
# every debug kernel.
boot_is_for() {
	case $1 in
	'' | "$2" | "${2/#debug-*/debug}") return 0 ;;
	"!${2/#debug-*/debug}") return 1 ;;
	!*) return 0 ;;
	*) return 1 ;;
	esac
}

# boot_when OPTIONS: long boots come first, so none is left running by itself. Boots with four processors come last, one by
# one: they need the whole machine, and their time measurements must not be delayed by other boots.
boot_when() {
	case $1 in
	*'--smp 4'*) echo last ;;
	*'--timeout 600'*) echo first ;;
	*) echo middle ;;
	esac
}

# boot_tests LIST: run every boot on every kernel. PATTERN selects boots by name; if it matches neither a boot nor a step
# without a guest (any_step), it is passed as T to the programs of the first boot.
boot_tests() {
	local list=$1 names=() only=() options=() commands=() name opts command when how i k any=${any_step:-}
	while IFS='|' read -r name opts command; do
		read -r name <<<"${name%%#*}"
		[ -n "$name" ] || continue
		names+=("${name%@*}")
		case $name in
		*@*) only+=("${name#*@}") ;;
		*) only+=('') ;;
		esac
		options+=("$opts")
		commands+=("$command")
	done < "$list"

	PROGRAM_PATTERN=
	for name in "${names[@]}"; do
		if selected "$name"; then any=1; fi
	done
	if [ -z "$any" ]; then
		PROGRAM_PATTERN=$PATTERN
		for k in $KERNELS; do
			for i in "${!names[@]}"; do
				if boot_is_for "${only[i]}" "$k"; then
					spawn one_boot "${names[i]}" "$k" "${options[i]}" "${commands[i]}"
					break
				fi
			done
		done
		return
	fi
	for when in first middle last; do
		how=spawn
		if [ "$when" = last ]; then how=alone; fi
		for k in $KERNELS; do
			for i in "${!names[@]}"; do
				if selected "${names[i]}" && boot_is_for "${only[i]}" "$k" &&
					[ "$(boot_when "${options[i]}")" = "$when" ]; then
					"$how" one_boot "${names[i]}" "$k" "${options[i]}" "${commands[i]}"
				fi
			done
		done
	done
}
