#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck disable=SC2317 # scenes are called by their names
# Run the documentation's commands that need the hardware, as they are written there (selftests/checks/pkg/doc-commands), with
# the tools and tests that an arm64 machine built from its packages and the module that DKMS built.
# usage: board-commands.sh MODULE OTHER-NAMED-MODULE STAND-IN; the commands are in /commands
#        board-commands.sh --known COMMAND

scene_of() {
	case $1 in
	'modprobe rknpu && dmesg | grep -i rknpu') echo load_and_look ;;
	'modprobe rknpu') echo load ;;
	'dmesg | grep -i rknpu') echo look ;;
	'modprobe rknpu_open && rknpu-takeover') echo takeover ;;
	"cat /proc/device-tree/npu@*/compatible | tr '\\0' '\\n'") echo compatible ;;
	'cat /proc/device-tree/npu@*/status') echo enabled ;;
	rknpu-smi) echo smi ;;
	run_tests | *' run_tests') echo tests ;;
	*) return 1 ;;
	esac
}
if [ "$1" = --known ]; then scene_of "$2"; exit; fi

. /drivers.sh
ours=$1 open=$2 standin=$3
modules=/lib/modules/$(uname -r)/updates
mkdir -p "$modules"
cp "$ours" "$open" "$modules/"
depmod

# typed COMMAND: check that it succeeds; its output is in /tmp/said
typed() {
	sh -c "$1" > /tmp/said 2>&1
	status=$?
	sed 's/^/# /' /tmp/said
	return "$status"
}
says() { grep -qE -- "$1" /tmp/said; }

load_and_look() { typed "$1" && says 'Initialized rknpu 0.9.8 for fdab0000.npu on minor 1' && rmmod rknpu; }
load() { typed "$1" && [ -c /dev/dri/renderD129 ]; }
look() { typed "$1" && says 'Initialized rknpu 0.9.8 for fdab0000.npu on minor 1'; }
takeover() {
	insmod "$standin" && [ "$(drivers)" = "RKNPU " ] && typed "$1" && [ "$(drivers)" = "rknpu_open " ] &&
		rknpu-takeover --back && [ "$(drivers)" = "RKNPU " ] && rmmod rknpu_open rknpu && [ -z "$(drivers)" ]
}
compatible() { typed "$1" && [ "$(grep -cx rockchip,rk3588-rknn-core /tmp/said)" = 3 ]; }
# In a tree whose nodes have no such property, cat reports that
enabled() { typed "$1" || says 'No such file'; }
smi() {
	modprobe rknpu && typed "$1" && says 'NPU|core'
	status=$?
	rmmod rknpu && return "$status"
}
tests() { cd /board && typed './run-all.sh test_ident test_closed_flow test_submit'; }

tap_begin
while IFS= read -r command; do
	scene=$(scene_of "$command") || continue
	$scene "$command"
	result $? "$([ "$scene" = tests ] && echo run_tests || echo "$command")"
done < /commands
tap_end
