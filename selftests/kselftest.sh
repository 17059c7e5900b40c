#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# The kernel's selftest runner runs these tests from where they were installed: one that passes, one that uses a file from its
# directory, a script, and one that is skipped on this machine.
# usage: kselftest.sh DIRECTORY
name=drivers/accel/rknpu
# shellcheck source=selftests/tap.sh
. /selftests/tap.sh

# says CASE LINE: check that the runner prints it
says() {
	grep -qxF "$2" /tmp/said
	result $? "$1"
}

# (It opens its standard output again for each test.)
"$1/run_kselftest.sh" -t $name:test_ident -t $name:test_digits -t $name:test_examples.sh -t $name:test_no_iommu 2>&1 | cat > /tmp/said
sed 's/^/# /' /tmp/said
tap_begin
says a_test_passes "ok 1 selftests: $name: test_ident"
says its_data_is_found "ok 2 selftests: $name: test_digits"
says a_script_passes "ok 3 selftests: $name: test_examples.sh"
says a_test_is_skipped "ok 4 selftests: $name: test_no_iommu # SKIP"
says its_cases_are_shown "# ok 1 drm_version"
tap_end
