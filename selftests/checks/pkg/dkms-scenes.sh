#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck disable=SC2016,SC2317 # commands for other shells, and functions that scene calls
# Install, upgrade and remove the packages on a machine with DKMS, scene by scene; runs inside a root directory of a Debian
# release, which reports arm64 as its architecture. Prints TAP. The modules built by DKMS are copied to /out.
# usage: dkms-scenes.sh OLD-VERSION NEW-VERSION KERNEL...
#   the first kernel is the running one; headers of all are in /usr/src
set -u
old=$1 new=$2
shift 2
kernels=("$@")
running=$1
count=0 failed=0

# result STATUS NAME
result() {
	count=$((count + 1))
	if [ "$1" = 0 ]; then
		echo "ok $count - $2"
	else
		tail -n 25 /tmp/log | sed 's/^/# /'
		echo "not ok $count - $2"
		failed=1
	fi
}
# scene NAME CMD...: check that the command succeeds
scene() {
	local name=$1 status=0
	shift
	[ ! -e /tmp/log ] || mv /tmp/log /tmp/log.before
	"$@" >/tmp/log 2>&1 </dev/null || status=1
	result $status "$name"
}
module_of() { ls "/lib/modules/$1/updates/dkms/${2:-rknpu}".ko* 2>/dev/null; }
# said TEXT: check that the output of the previous scene contains it
said() { cat /tmp/log.before; grep -qF "$1" /tmp/log.before; }
not() { ! "$@"; }
# List all files, except those that change with every installation of any package
all_files() {
	find / -xdev \( -path /proc -o -path /tmp -o -path /debs -o -path /out -o -path /tree -o -path /var/lib/dpkg -o -path /var/log \
		-o -path /var/cache -o -path /var/lib/dkms/mok.key -o -path /var/lib/dkms/mok.pub -o -path '/lib/modules/*/modules.*' \
		-o -path '/usr/lib/modules/*/modules.*' \) -prune -o -print | LC_ALL=C sort
}

# This root has the machine's own architecture, with a cross compiler: an emulated compiler would take minutes. uname reports
# an arm64 machine that runs the first kernel.
cat > /usr/local/bin/uname <<END
#!/bin/sh
case \$* in
-m) echo aarch64 ;;
-r) echo $running ;;
*) exec /usr/bin/uname "\$@" ;;
esac
END
ln -s /usr/bin/aarch64-linux-gnu-strip /usr/local/bin/strip
chmod 755 /usr/local/bin/uname
export CROSS_COMPILE=aarch64-linux-gnu- ARCH=arm64 DEBIAN_FRONTEND=noninteractive
for k in "${kernels[@]}"; do
	mkdir -p "/lib/modules/$k"
	ln -s "/usr/src/linux-headers-$k" "/lib/modules/$k/build"
done

echo "TAP version 13"
all_files > /tmp/before

# --- install
scene install dpkg -i "/debs/rknpu-dkms_${old}_all.deb"
scene built_for_the_running_kernel module_of "$running"
scene it_says_its_versions sh -c "modinfo \$1 | tee /dev/stderr | grep -q '^version: *0.9.8\$' && modinfo \$1 | grep -q '^release: *$old\$'" sh "$(module_of "$running")"
scene it_is_signed_by_dkms sh -c 'modinfo -F signer $1 | tee /dev/stderr | grep -q . && modinfo -F sig_id $1 | grep -q PKCS' sh "$(module_of "$running")"
scene rocket_is_not_loaded_by_itself sh -c 'modprobe --showconfig | grep -x "blacklist rocket"'
scene the_rule_names_the_group grep -q 'GROUP="render"' /usr/lib/udev/rules.d/60-rknpu.rules
if udevadm verify --help >/dev/null 2>&1; then
	scene udev_understands_the_rule udevadm verify /usr/lib/udev/rules.d/60-rknpu.rules
fi

# --- updates of the kernel: the hook that its package runs
for k in "${kernels[@]:1}"; do
	scene "kernel_update_builds_for_$k" /etc/kernel/postinst.d/dkms "$k"
	scene "there_is_a_module_for_$k" module_of "$k"
done
for k in "${kernels[@]}"; do
	m=$(module_of "$k")
	mkdir -p "/out/$k"
	case $m in
	*.xz) xz -dc "$m" > "/out/$k/rknpu.ko" ;;
	?*) cp "$m" "/out/$k/rknpu.ko" ;;
	esac
done
cp /var/lib/dkms/mok.pub /out/ 2>/dev/null

# another_kernel VERSION: add a copy of the running kernel, whose headers are changed afterwards
another_kernel() {
	mkdir -p "/lib/modules/$1" "/usr/src/headers-$1"
	cp -a "/usr/src/linux-headers-$running/." "/usr/src/headers-$1/"
	ln -s "/usr/src/headers-$1" "/lib/modules/$1/build"
}
another_kernel 5.10.0-1-arm64
scene too_old_a_kernel_updates /etc/kernel/postinst.d/dkms 5.10.0-1-arm64
scene it_says_that_it_is_too_old said 'rknpu: not built for kernel 5.10.0-1-arm64: it needs 6.1'
scene nothing_is_built_for_it not module_of 5.10.0-1-arm64

broken=${running%%[+-]*}+broken-arm64
another_kernel "$broken"
rm -f "/usr/src/headers-$broken/Makefile"
printf 'modules:\n\t@echo "error: an interface has moved"; false\n' > "/usr/src/headers-$broken/Makefile"
scene a_kernel_with_other_interfaces_updates /etc/kernel/postinst.d/dkms "$broken"
scene it_says_that_it_does_not_compile said "rknpu: not built for kernel $broken: its source does not compile"
scene nothing_is_built_for_that not module_of "$broken"

vendor=${running%%[+-]*}+vendor-arm64
another_kernel "$vendor"
cp --remove-destination "/usr/src/linux-headers-$running/.config" "/usr/src/headers-$vendor/.config"
echo CONFIG_ROCKCHIP_RKNPU=y >> "/usr/src/headers-$vendor/.config"
scene a_kernel_with_the_vendor_driver_updates /etc/kernel/postinst.d/dkms "$vendor"
scene the_module_has_another_name_there module_of "$vendor" rknpu_open

# --- upgrade
scene upgrade dpkg -i "/debs/rknpu-dkms_${new}_all.deb"
scene the_new_one_is_there sh -c "modinfo -F release $(module_of "$running") | tee /dev/stderr | grep -x $new"
dkms status rknpu >/tmp/log 2>&1
scene_status=0
grep -q "$old" /tmp/log && scene_status=1
result $scene_status dkms_has_forgotten_the_old_one
scene the_old_source_is_gone test ! -e "/usr/src/rknpu-$old"

# --- removal
scene removal dpkg --purge rknpu-dkms
rm -rf "/lib/modules/5.10.0-1-arm64" "/lib/modules/$broken" "/lib/modules/$vendor" "/usr/src/headers-5.10.0-1-arm64" \
	"/usr/src/headers-$broken" "/usr/src/headers-$vendor"
all_files > /tmp/after
scene nothing_is_left diff /tmp/before /tmp/after

# --- from the source tree, without a package
scene make_dkms_install make -C /tree dkms-install
scene the_module_is_there module_of "$running"
# As after an update of the source without a new version
sed -i "s/RKNPU_RELEASE \"$old\"/RKNPU_RELEASE \"$old-again\"/" /tree/drivers/rknpu_stats.h
scene make_dkms_install_again make -C /tree dkms-install
scene the_module_is_built_anew sh -c "modinfo -F release $(module_of "$running") | tee /dev/stderr | grep -x $old-again"
sed -i "s/\"$old-again\"/\"$old\"/" /tree/drivers/rknpu_stats.h
scene make_dkms_remove make -C /tree dkms-remove
all_files > /tmp/after
scene nothing_is_left_of_that diff /tmp/before /tmp/after

# --- tools
if ls /debs/rknpu-tools_*.deb >/dev/null 2>&1; then
	scene install_tools dpkg -i --force-depends "/debs/rknpu-tools_${old}_arm64.deb"
	printf '#include <drm/rknpu_drm.h>\nint main(void) { return sizeof(struct rknpu_submit) != 104; }\n' > /tmp/t.c
	scene header_and_pkg_config sh -c 'gcc -o /tmp/t /tmp/t.c $(pkg-config --cflags rknpu-uapi) && /tmp/t'
	for page in rknpu-regcmd rknpu-demo rknpu-bench rknpu-takeover; do
		scene "manual_of_$page" sh -c 'ls /usr/share/man/man*/$1.* && test -x /usr/*bin/$1' sh $page
	done
	scene removal_of_tools dpkg --purge rknpu-tools
	all_files > /tmp/after
	scene nothing_is_left_of_them diff /tmp/before /tmp/after
fi
echo "1..$count"
exit $failed
