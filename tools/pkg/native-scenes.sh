#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck disable=SC2016,SC2317 # commands for other shells, and functions that scene calls
# Follow docs/install.md on an arm64 machine: run its commands as they are written, from the standard
# input, in a copy of the tree. Those that want the hardware are named here, and a command that nobody knows fails.
# Runs inside an emulated root directory in which the packages are that it has one install. Prints TAP.
set -u
count=0 failed=0

# scene NAME CMD...: it succeeds
scene() {
	local name=$1
	shift
	count=$((count + 1))
	if "$@" >/tmp/log 2>&1 </dev/null; then
		echo "ok $count - $name"
	else
		tail -n 25 /tmp/log | sed 's/^/# /'
		echo "not ok $count - $name"
		failed=1
	fi
}

# tried_elsewhere WHERE COMMAND
tried_elsewhere() {
	count=$((count + 1))
	echo "ok $count - $2 # SKIP $1"
}

# --- the machine: it runs the kernel whose headers it has
release=$(cd /usr/src && printf '%s\n' linux-headers-*-arm64 | head -n 1)
release=${release#linux-headers-}
cat > /usr/local/bin/uname <<END
#!/bin/sh
case \$* in
-r) echo $release ;;
*) exec /usr/bin/uname "\$@" ;;
esac
END
chmod 755 /usr/local/bin/uname
# Only the compiler proper is not emulated, or this takes an hour: the one that builds for arm64 elsewhere, of the same
# version, told where this machine has its headers.
if [ -d /cross ]; then
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
fi
echo 'APT::Get::Assume-Yes "true";' > /etc/apt/apt.conf.d/yes
MAKEFLAGS=-j$(nproc)
export MAKEFLAGS DEBIAN_FRONTEND=noninteractive
cp -r /tree /root/rknpu
cd /root/rknpu || exit 1
module=/lib/modules/$release/updates/dkms/rknpu.ko

lintian_is_content() {
	lintian --allow-root --fail-on error,warning,info --display-info \
		--suppress-tags out-of-date-standards-version,newer-standards-version ../rknpu_*_arm64.changes
}
# Every page of ours that is installed is found by its name and is no trouble to show.
manuals() {
	local page name
	for page in $(dpkg -L rknpu-dkms rknpu-tools | grep -E '/man/man[1-9]/'); do
		name=$(basename "$page" .gz)
		man -w "${name##*.}" "${name%.*}" || return 1
		man --warnings -E UTF-8 -l -Tutf8 -Z "$page" 2>&1 >/dev/null | tee /dev/stderr | { ! grep -q .; } || return 1
	done
	[ -n "${name:-}" ]
}

echo "TAP version 13"
while IFS= read -r command; do
	case $command in
	'apt install '*) # done when this root was made
		scene "$command" sh -c 'dpkg -s $0 | grep -c "^Status: install ok installed"' "${command#apt install }"
		;;
	'make dkms-install')
		scene "$command" sh -c "$command"
		scene dkms_built_the_module sh -c 'modinfo "$0".xz' "$module"
		scene 'make dkms-remove' make dkms-remove
		;;
	'dpkg-buildpackage '*)
		scene "$command" sh -c "$command"
		scene the_package_built_the_module sh -c 'modinfo "$0".xz' "$module"
		scene lintian lintian_is_content
		scene manuals manuals
		scene regcmd_runs sh -c 'rknpu-regcmd --help || rknpu-regcmd 2>&1 | grep -i usage'
		;;
	make)
		scene "$command" sh -c "$command"
		;;
	'make KDIR='*)
		scene "$command" sh -c "${command//\/path\/to\/linux//usr/src/linux-headers-$release}"
		;;
	*/sign-file*)
		openssl req -new -x509 -newkey rsa:2048 -nodes -keyout KEY.priv -outform DER -out KEY.der -days 2 -subj /CN=test 2>/dev/null
		scene "$command" sh -c "$command"
		scene the_module_is_signed sh -c 'tail -c 28 rknpu.ko | grep -a "Module signature appended"'
		;;
	usermod*)
		useradd USER
		scene "$command" sh -c "$command"
		;;
	'make -C selftests O='*run_tests)
		scene "$command, but for running them" sh -c "${command%run_tests}all && make -C selftests O=/tmp/host host-check"
		;;
	'make -C selftests KSRC='*)
		mkdir -p /tmp/linux/tools/testing/selftests
		touch /tmp/linux/tools/testing/selftests/lib.mk
		scene "$command" sh -c "${command//\/path\/to\/linux//tmp/linux}"
		;;
	*rknpu-overlay*) tried_elsewhere "make check" "$command" ;;
	modprobe* | rmmod* | dmesg* | rknpu-takeover* | 'cat /proc/device-tree/'* | ./your-program*) tried_elsewhere "wants the hardware" "$command" ;;
	*) scene "$command" sh -c 'echo "what is this?"; false' ;;
	esac
done
echo "1..$count"
exit $failed
