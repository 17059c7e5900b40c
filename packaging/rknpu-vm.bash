# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# bash completion for rknpu-vm

_rknpu_vm() {
	local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]}

	COMPREPLY=()
	case $prev in
	--kernel) mapfile -t COMPREPLY < <(compgen -W "6.1 6.12 newest" -- "$cur"); return ;;
	--env | --params | --smp | --mem | --cpu | --timeout) return ;;
	esac
	case $cur in
	-*)
		mapfile -t COMPREPLY < <(compgen -W "--rootfs --add --share --get --root --env --stdin --kernel --vendor --module --params
			--smp --mem --cpu --fail-fast --dump --timeout --log --shell --help" -- "$cur")
		;;
	*) mapfile -t COMPREPLY < <(compgen -f -- "$cur") ;;
	esac
}
complete -o filenames -F _rknpu_vm rknpu-vm
