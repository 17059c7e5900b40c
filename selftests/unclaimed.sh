#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# With the option not to bind to nodes of mainline's binding, the module does not, and another driver binds to them.
# usage: unclaimed.sh OUR-MODULE ANOTHER-DRIVER
# shellcheck source=selftests/drivers.sh
. /drivers.sh

tap_plan 7
insmod "$1" claim_rknn_core=0; result $? the_module_loads
[ -z "$(drivers)" ]; result $? it_takes_no_core
[ ! -e /dev/dri/card1 ] && [ ! -e /dev/dri/renderD129 ]; result $? there_is_no_node
insmod "$2" && [ "$(drivers)" = "RKNPU " ]; result $? another_driver_takes_all_cores
rmmod rknpu && [ -z "$(drivers)" ]; result $? which_leaves
rmmod rknpu_open; result $? ours_unloads
insmod "$1" && [ "$(drivers)" = "rknpu_open " ] && rmmod rknpu_open; result $? unless_told_it_takes_them
tap_end
