#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck disable=SC2016,SC2317 # commands for other shells, and functions that scene calls
# Follow the documentation on an arm64 machine: run its commands (doc-commands, on standard input) as they are written, in a
# copy of the tree. Commands that need the hardware are run by selftests/board-commands.sh; an unknown command fails. Runs
# inside an emulated root directory that has the packages which the documentation installs. Files for the board are copied to
# /out. Prints TAP.
# usage: native-scenes.sh [--known]
#   --known: run nothing, only report for each command whether it is known
set -u
count=0 failed=0 known='' release='' module=''
[ "${1:-}" != --known ] || known=1

# result STATUS NAME
result() {
	count=$((count + 1))
	if [ "$1" = 0 ]; then
		echo "ok $count - $2"
	else
		echo "not ok $count - $2"
		failed=1
	fi
}

# scene NAME CMD...: check that the command succeeds
scene() {
	local name=$1 status=0
	shift
	if [ -n "$known" ]; then
		result 0 "$name # SKIP known"
		return
	fi
	"$@" >/tmp/log 2>&1 </dev/null || status=1
	[ $status = 0 ] || tail -n 25 /tmp/log | sed 's/^/# /'
	result $status "$name"
}

# typed COMMAND: run it, replacing the names of examples by existing ones
typed() {
	local command=$1
	command=${command//\/path\/to\/linux/${linux:-/usr/src/linux-headers-$release}}
	command=${command//BOARD.dtb//boards/rk3588-rock-5b.dtb}
	scene "$1" sh -c "$command"
}

# on_the_twin COMMAND
on_the_twin() {
	local dir
	dir=$([ -n "$known" ] && dirname "$0" || echo selftests/checks/pkg)
	if sh "$dir/../../board-commands.sh" --known "$1" >/dev/null; then
		result 0 "$1 # SKIP wants the hardware"
	else
		result 1 "$1: no scene of native-scenes.sh and of selftests/board-commands.sh runs it"
	fi
}

# native_compiler: only the compiler proper is not emulated, as this would take an hour otherwise: use the cross compiler of
# the same version, with the directories of this machine's headers.
native_compiler() {
	local cc1
	cc1=$(gcc -print-prog-name=cc1)
	mkdir -p /usr/lib/x86_64-linux-gnu
	[ -e /lib64 ] || ln -s usr/lib64 /lib64
	mv "$cc1" "$cc1.native"
	cat > "$cc1" <<-END
		#!/bin/sh
		case " \$* " in
		*' -nostdinc '*) exec /cross/cc1 "\$@" ;;
		esac
		exec /cross/cc1 "\$@" -isystem ${cc1%/*}/include -isystem /usr/lib/gcc/aarch64-linux-gnu/14/include \\
			-isystem /usr/include/aarch64-linux-gnu -isystem /usr/include
	END
	chmod 755 "$cc1"
}

# machine: let uname report the kernel whose headers are installed
machine() {
	release=$(cd /usr/src && printf '%s\n' linux-headers-*-arm64 | head -n 1)
	release=${release#linux-headers-}
	module=/lib/modules/$release/updates/dkms/rknpu.ko.xz
	cat > /usr/local/bin/uname <<-END
		#!/bin/sh
		case \$* in
		-r) echo $release ;;
		*) exec /usr/bin/uname "\$@" ;;
		esac
	END
	chmod 755 /usr/local/bin/uname
	[ ! -d /cross ] || native_compiler
	echo 'APT::Get::Assume-Yes "true";' > /etc/apt/apt.conf.d/yes
	MAKEFLAGS=-j$(nproc)
	export MAKEFLAGS DEBIAN_FRONTEND=noninteractive
	useradd USER
	mkdir -p /tmp/linux/tools/testing/selftests
	touch /tmp/linux/tools/testing/selftests/lib.mk
	cp -r /tree /root/rknpu
	cd /root/rknpu || exit 1
}

# installed PACKAGE...: check packages that were installed when this root was created
installed() {
	[ "$(dpkg-query -W -f '${db:Status-Status}\n' "$@" | tee /dev/stderr | grep -cx installed)" = $# ]
}
lintian_is_content() {
	lintian --allow-root --fail-on error,warning,info --display-info \
		--suppress-tags out-of-date-standards-version,newer-standards-version ../rknpu_*_arm64.changes
}
# Every installed manual page is found by its name and is shown without errors.
manuals() {
	local page name
	for page in $(dpkg -L rknpu-dkms rknpu-tools | grep -E '/man/man[1-9]/.'); do
		name=$(basename "$page" .gz)
		man -w "${name##*.}" "${name%.*}" || return 1
		man --warnings -E UTF-8 -l -Tutf8 -Z "$page" 2>&1 >/dev/null | tee /dev/stderr | { ! grep -q .; } || return 1
	done
	[ -n "${name:-}" ]
}

# take_along: copy the installed tools, and the libraries that they need
take_along() {
	mkdir -p /out/bin /out/lib
	cp -p /usr/bin/rknpu-* /usr/sbin/rknpu-* /out/bin/
	ldd /usr/bin/rknpu-smi | grep -o '/lib[^ ]*' | xargs -I FILE cp -L FILE /out/lib/
}

echo "TAP version 13"
[ -n "$known" ] || machine
while IFS= read -r command; do
	case $command in
	'apt install '*)
		# shellcheck disable=SC2086 # names of packages
		scene "$command" installed ${command#apt install }
		;;
	'make dkms-install')
		typed "$command"
		scene dkms_built_the_module modinfo "$module"
		scene 'make dkms-remove' make dkms-remove
		scene dkms_has_no_module test ! -e "$module"
		;;
	'dpkg-buildpackage '*)
		typed "$command"
		scene the_package_built_the_module modinfo "$module"
		scene lintian lintian_is_content
		scene manuals manuals
		scene the_tools_run sh -c 'rknpu-regcmd --help && rknpu-smi --help && rknpu-takeover --help'
		[ -n "$known" ] || take_along
		;;
	make | 'make KDIR='* | 'make -C selftests KSRC='*)
		case $command in *KSRC=*) linux=/tmp/linux ;; *) linux='' ;; esac
		typed "$command"
		;;
	*/sign-file*)
		scene a_key_to_sign_with openssl req -new -x509 -newkey rsa:2048 -nodes -keyout KEY.priv -outform DER -out KEY.der -days 2 -subj /CN=test
		typed "$command"
		scene the_module_is_signed sh -c 'tail -c 28 rknpu.ko | grep -a "Module signature appended"'
		;;
	usermod*)
		typed "$command"
		scene the_user_is_in_the_groups sh -c 'id -nG USER | grep render | grep video'
		;;
	'make -C selftests O='*run_tests) # here all but running them
		scene "${command% run_tests}" sh -c "${command% run_tests}"
		scene "host-check of the same" make -C selftests O=/tmp/host host-check
		[ -n "$known" ] || cp -rp build/board /out/selftests
		on_the_twin "${command##* }"
		;;
	*rknpu-overlay*) typed "$command" ;;
	# It is the reader's own; make check-networks has programs and models for the closed runtime.
	./your-program*) result 0 "$command # SKIP make check-networks runs such" ;;
	*) on_the_twin "$command" ;;
	esac
done
echo "1..$count"
exit $failed
