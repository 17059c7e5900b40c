# SPDX-License-Identifier: GPL-2.0-only
# Checks that need neither a guest nor a build: layers, interface layout, the twin's own tests, scripts, licences.
# shellcheck shell=bash

# selected NAME: check that it matches the shell pattern PATTERN, if there is one.
selected() {
	# shellcheck disable=SC2053 # a pattern on purpose
	[ -z "$PATTERN" ] || [[ $1 == $PATTERN ]]
}

# Remember that PATTERN matches one of these; then it is not for test cases in the guest.
# shellcheck disable=SC2034 # read by boot-tests.sh
wanted() { selected "$1" && any_step=1; }
static_step() { if wanted "$1"; then spawn check_step "$@"; fi; }
static_ktap() { if wanted "$1"; then spawn check_ktap "$@"; fi; }

tracked_scripts() {
	git ls-files tools twin selftests packaging .ci | while read -r f; do
		if [ -f "$f" ] && head -n 1 "$f" | grep -qE '^#!.*(bash|sh)\b'; then echo "$f"; fi
	done
	echo selftests/tap.sh selftests/drivers.sh selftests/checks/tally.sh selftests/checks/static-tests.sh selftests/boots/boot-tests.sh tools/vm/lib.sh tools/vm/apt.sh selftests/checks/pkg/root.sh dkms.conf | tr ' ' '\n'
}

check_scripts() {
	local files
	mapfile -t files < <(tracked_scripts)
	shellcheck -x -P SCRIPTDIR:"$TOP" "${files[@]}"
}

# Every file has its licence in its first lines, except data and texts.
check_licences() {
	local f bad=0
	while read -r f; do
		if [ -f "$f" ] && ! head -n 4 "$f" | grep -q 'SPDX-License-Identifier:'; then
			echo "$f: no SPDX line"
			bad=1
		fi
	done < <(git ls-files | grep -E '(\.[chS]|\.sh|\.py|\.dtso?|\.dtsi|Makefile|Kbuild)$|^tools/vm/')
	return $bad
}

# What passed is remembered by the contents of all that it depends on, so that a fresh clone of the same tree knows it too.
UNCHANGED=$CACHE/unchanged

# unless_unchanged NAME FILE... -- CMD...: run it unless it succeeded before with the same command, files and installed packages.
unless_unchanged() {
	local name=$1 files=() stamp
	shift
	while [ "$1" != -- ]; do files+=("$1"); shift; done
	shift
	if [ -f "$1" ]; then files+=("$1"); fi
	stamp=$({ echo "$*"; sha256sum "${files[@]}"; cat "$CACHE/source/wanted"; dpkg-query -W; } | sha256sum)
	stamp=$UNCHANGED/$name/${stamp%% *}
	mkdir -p "${stamp%/*}"
	find "${stamp%/*}" -type f -mtime +30 -delete
	if [ -e "$stamp" ]; then return 0; fi
	"$@" || return 1
	touch "$stamp"
}

# The kernel's own style checks. Their scripts are only in its source package.
check_patch_style() { selftests/checks/check-patch "$("$VM/fetch-source")/scripts" "$UNCHANGED/patch"; }

# Debian 12 has clang-format 14. Other versions may want other spaces.
check_format() {
	git ls-files 'drivers/*.[ch]' | xargs clang-format --dry-run -Werror
}

check_coccinelle() {
	local source
	source=$("$VM/fetch-source")
	unless_unchanged coccinelle selftests/checks/check-coccinelle drivers/*.[ch] -- selftests/checks/check-coccinelle "$source/scripts"
}

# kernel_doc_warnings SOURCE: kernel-doc's exit status for warnings is ignored, its standard error is checked instead.
kernel_doc_warnings() {
	local said
	said=$("$1/scripts/kernel-doc" -none -Wall drivers/*.[ch] include/*.h uapi/drm/*.h 2>&1) || true
	[ -z "$said" ] || { echo "$said"; return 1; }
}

check_kernel_doc() {
	local source
	source=$("$VM/fetch-source")
	unless_unchanged kernel-doc drivers/*.[ch] include/*.h uapi/drm/*.h -- kernel_doc_warnings "$source"
}

check_probes() {
	unless_unchanged probes Kbuild drivers/probe/*.c drivers/rknpu_{compat.h,vm.c,gem.c,drv.c} "$CACHE/kernels/6.12/packages" \
		-- selftests/checks/test-probes
}

# All files with the version have the same one.
check_version() {
	local version
	version=$(sed -n 's/^PACKAGE_VERSION="\(.*\)"/\1/p' dkms.conf)
	grep -qxF "#define RKNPU_RELEASE \"$version\"" drivers/rknpu_stats.h || { echo "drivers/rknpu_stats.h is not $version"; return 1; }
	head -n 1 debian/changelog | grep -qF "rknpu ($version) " || { echo "debian/changelog is not $version"; return 1; }
}

# Every module parameter is documented in the manual page and in docs/.
check_parameters() {
	local name bad=0
	while read -r name; do
		grep -q "^\.BI $name= " packaging/rknpu.4 || { echo "packaging/rknpu.4 lacks $name"; bad=1; }
		grep -q "^| \`$name\` |" docs/install.md || { echo "docs/install.md lacks $name"; bad=1; }
	done < <(sed -n 's/^module_param[a-z_]*(\([a-z_]*\).*/\1/p' drivers/*.c)
	return $bad
}

# Every mutant's patch applies to the current driver, and its test cases exist; `make check-mutants` boots them.
check_mutants() {
	local p cases bad=0
	for p in selftests/mutants/*.patch; do
		patch -s -f --dry-run -p1 < "$p" || { echo "$p: does not apply"; bad=1; }
		cases=$(sed -n 's/^Cases: \(.*\)\*$/\1/p' "$p")
		if ! grep -q "^TEST.*(${cases:-none}" selftests/test_power.c; then
			echo "$p: test_power has no such cases"
			bad=1
		fi
	done
	return $bad
}

# Every command of the documentation is one that make check-packages runs.
check_commands() { selftests/checks/pkg/doc-commands | bash selftests/checks/pkg/native-scenes.sh --known; }

# cna is a unit of the NPU, renderD the name of a device node, inout a keyword of syzkaller.
check_spelling() {
	local found
	found=$(git ls-files -z | xargs -0 codespell -L cna,renderd,inout) || true
	[ -z "$found" ] || { echo "$found"; return 1; }
}

twin_tests() {
	static_ktap compute make -C twin/compute O="$BUILD/twin/compute" check
	static_ktap twin make -C twin O="$BUILD/twin" check
}

static_tests() {
	static_step layers selftests/checks/check-layers
	static_step scripts check_scripts
	static_step licences check_licences
	static_step checkpatch check_patch_style
	static_step kernel-doc check_kernel_doc
	static_step coccinelle check_coccinelle
	static_step format check_format
	static_step analyzers selftests/checks/check-analyzers
	static_step probes check_probes
	static_step version check_version
	static_step parameters check_parameters
	static_step mutants check_mutants
	static_step commands check_commands
	static_step docs selftests/checks/check-docs
	static_step syzkaller selftests/checks/check-syzkaller
	static_step spelling check_spelling
	static_step layout selftests/checks/check-layout
	static_ktap tools selftests/checks/test-tools
	static_ktap smi make -s -C tools/rknpu-smi O="$BUILD/smi" check
	static_ktap regcmd make -s -C tools/rknpu-regcmd O="$BUILD/regcmd" check
	static_ktap overlays selftests/checks/test-overlays
	static_step uapi make -C selftests O="$BUILD/host" host-check
	twin_tests
}
