// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) the rknpu authors
 *
 * DOC: The code of the tracepoints, which the kernel's macros generate.
 */
#include <linux/pid.h>

#include "rknpu_client.h"
#include "rknpu_job.h"
#include "rknpu_vm.h"

#define CREATE_TRACE_POINTS
#include "rknpu_trace.h"
