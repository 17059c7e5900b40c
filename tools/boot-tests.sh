# SPDX-License-Identifier: GPL-2.0-only
# Run a list of guest boots, each of which is one part of the checks and prints KTAP.
# The list: one line per boot, `name | options of tools/vm/run | command in the guest`; # starts a comment. A name that
# ends in @KERNEL is for that kernel only, one in @!KERNEL for all others.
# The options may name another kernel (--kernel), and $boot_kernel. In the guest /selftests is what selftests/ builds.
# shellcheck shell=bash

# one_boot NAME KERNEL OPTIONS COMMAND
one_boot() {
	local part=$1@$2 options=() common
	# shellcheck disable=SC2034 # the options may say it
	local boot_kernel=$2
	eval "options=($3)"
	common=(--kernel "$2" --log "$LOGS/$1@$2.klog" --add "$BUILD/selftests:/selftests")
	# On the slow kernel the clock follows the instructions, so that nothing is late, whatever else the machine does.
	case "$2 ${options[*]} " in
	*' --smp '* | *' --icount '*) ;;
	debug*) common+=(--icount) ;;
	esac
	if [ -n "$PROGRAM_PATTERN" ]; then common+=(--env "T=$PROGRAM_PATTERN"); fi
	check_ktap "$part" "$VM/run" "${common[@]}" "${options[@]}" -- sh -c "$4"
}

# boot_tests LIST: every boot on every kernel. PATTERN picks boots by name; if it names none, and no step that needs no
# guest (any_step), it goes, as T, to the programs of the first.
boot_tests() {
	local list=$1 names=() only=() options=() commands=() name opts command i k any=${any_step:-}
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

	local how
	PROGRAM_PATTERN=
	for name in "${names[@]}"; do
		if selected "$name"; then any=1; fi
	done
	for k in $KERNELS; do
		for i in "${!names[@]}"; do
			case ${only[i]} in
			'' | "$k") ;;
			"!$k") continue ;;
			!*) ;;
			*) continue ;;
			esac
			if [ -z "$any" ]; then
				PROGRAM_PATTERN=$PATTERN
				spawn one_boot "${names[i]}" "$k" "${options[i]}" "${commands[i]}"
				break
			fi
			# Four processors want what there is: what is measured against the clock must not wait for a neighbour.
			case "${options[i]}" in
			*'--smp 4'*) how=alone ;;
			*) how=spawn ;;
			esac
			if selected "${names[i]}"; then $how one_boot "${names[i]}" "$k" "${options[i]}" "${commands[i]}"; fi
		done
	done
}
