# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# bash completion for rknpu-smi

_rknpu_smi() {
	local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]}

	COMPREPLY=()
	case $prev in
	-l | --loop | -n | --count | -i | --interval) return ;;
	esac
	case " ${COMP_WORDS[*]:1:COMP_CWORD-1} " in
	*' timeline '* | *' dump '*) mapfile -t COMPREPLY < <(compgen -f -- "$cur") ;;
	*' cdi '*) ;;
	*)
		mapfile -t COMPREPLY < <(compgen -W "dump cdi timeline --loop --count --interval --list-clients --json --prometheus
			--colour=always --colour=never --colour=auto --help --version" -- "$cur")
		;;
	esac
}
complete -o filenames -F _rknpu_smi rknpu-smi
