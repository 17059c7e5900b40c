/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (C) the rknpu authors
 *
 * The hardware twin's control page, accessed from inside the guest. A board does
 * not have it: twin_present() is false and twin_need() skips the case.
 */
#ifndef TWIN_H
#define TWIN_H

#include <stdbool.h>
#include <stdint.h>
#include "rknpu_twin_regs.h"
#include "soc.h"

bool twin_present(void);
#define for_each_twin_core(core)                                              \
	for ((core) = twin_present() ? npu_next_core(0) : NPU_CORES; (core) < NPU_CORES; (core) = npu_next_core((core) + 1))
void twin_need(void);
/* Unmaps the page from this process until it is used again: some programs write outside their own memory */
void twin_forget(void);

uint32_t twin_read(uint32_t reg);
void twin_write(uint32_t reg, uint32_t value);
uint32_t twin_stat(unsigned int core, uint32_t stat);
uint64_t twin_stat64(unsigned int core, uint32_t stat);

/* Arms a fault for the next @count kicks of @core; it is disarmed at the end of the test case */
void twin_fault(unsigned int core, uint32_t kind, uint32_t param, uint32_t count);
uint32_t twin_faults_left(unsigned int core);
void twin_disarm(void);
/* The timing model after reset; a case that changes it need not restore it */
#define TWIN_TASK_OVERHEAD_USUAL_NS	1000

/* The next @count jobs on @core do not end before twin_release(); for cases that must not depend on time */
void twin_hold(unsigned int core, uint32_t count);
void twin_release(unsigned int core);

/* The processor that next acknowledges an interrupt of @core is held for @ms milliseconds; reads 0 from then on */
void twin_slow_ack(unsigned int core, uint32_t ms);
uint32_t twin_slow_ack_left(unsigned int core);

/* Raises interrupt bits of a core, even without a job */
void twin_spurious(unsigned int core, uint32_t raw);

#endif /* TWIN_H */
