#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# The runner of the kernel's selftests runs ours from where they were installed: one that passes, one that takes a file from
# beside it, a script, and one that this machine has nothing for.
# usage: kselftest.sh DIRECTORY
name=drivers/accel/rknpu
# shellcheck source=selftests/tap.sh
. /selftests/tap.sh

# says CASE LINE: the runner
says() {
	grep -qxF "$2" /tmp/said
	result $? "$1"
}

# (It opens its standard output anew for each test.)
"$1/run_kselftest.sh" -t $name:test_ident -t $name:test_digits -t $name:test_examples.sh -t $name:test_no_iommu 2>&1 | cat > /tmp/said
sed 's/^/# /' /tmp/said
tap_begin
says a_test_passes "ok 1 selftests: $name: test_ident"
says its_data_is_found "ok 2 selftests: $name: test_digits"
says a_script_passes "ok 3 selftests: $name: test_examples.sh"
says a_test_is_skipped "ok 4 selftests: $name: test_no_iommu # SKIP"
says its_cases_are_shown "# ok 1 drm_version"
tap_end
