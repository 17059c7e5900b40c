/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * Copyright (C) the rknpu authors
 *
 * DOC: public interface of the twin, a model of the RK3588 NPU in plain C.
 *
 * The library owns the three cores (program controller, register files, IOMMU
 * banks), the reset block and the control page. It knows neither QEMU nor the
 * kernel: memory, time, interrupt lines and the log come in through &struct
 * twin_ops, so that the same objects link into QEMU and into host tests.
 *
 * Threads: every function here but twin_work() is called under one outer lock
 * (QEMU's big lock); twin_work() runs without it. The library's own locks
 * cover what both sides touch, and are never held while it waits.
 */
#ifndef TWIN_H
#define TWIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TWIN_MAX_CORES		3
#define TWIN_TIME_NEVER		UINT64_MAX

struct twin;

/**
 * struct twin_ops - what the twin needs from the machine around it
 * @now_ns: virtual time
 * @timer_set: call twin_timer(core) once virtual time reaches @when_ns;
 *	TWIN_TIME_NEVER cancels. One timer per core, a new time replaces the old.
 * @irq_set: level of the core's interrupt line
 * @mem_read: read physical memory; false when no RAM answers. Any thread.
 * @mem_write: write physical memory; false when no RAM answers. Any thread.
 * @log: one line of text without newline. Any thread, never two at once.
 * @work_start: have a worker call twin_work(core), then twin_work_done(core)
 *	under the outer lock. NULL selects sync mode: tasks are computed inside
 *	twin_timer().
 */
struct twin_ops {
	uint64_t (*now_ns)(void *opaque);
	void (*timer_set)(void *opaque, unsigned int core, uint64_t when_ns);
	void (*irq_set)(void *opaque, unsigned int core, bool level);
	bool (*mem_read)(void *opaque, uint64_t addr, void *buf, size_t bytes);
	bool (*mem_write)(void *opaque, uint64_t addr, const void *buf, size_t bytes);
	void (*log)(void *opaque, const char *line);
	void (*work_start)(void *opaque, unsigned int core);
};

/**
 * struct twin_config - fixed for the life of a twin
 * @cores: 1 to TWIN_MAX_CORES
 * @clock_mhz: initial value of TWIN_CLOCK_MHZ
 * @macs_per_cycle: initial value of TWIN_MACS_PER_CYCLE
 * @bytes_per_cycle: initial value of TWIN_BYTES_PER_CYCLE
 * @task_overhead_ns: initial value of TWIN_TASK_OVERHEAD_NS
 * @fault_retry_ns: from "page fault done" to the next try of the access
 * @reset_skew_ns: how far apart the two lines of a core may be released
 * @fault_storm: true: the access is tried again after "page fault done";
 *	false: it gets an error response, and nothing more happens
 * @allow_untranslated: DMA while paging is off is no guest error
 */
struct twin_config {
	unsigned int cores;
	uint32_t clock_mhz;
	uint32_t macs_per_cycle;
	uint32_t bytes_per_cycle;
	uint32_t task_overhead_ns;
	uint64_t fault_retry_ns;
	uint64_t reset_skew_ns;
	bool fault_storm;
	bool allow_untranslated;
};

/** twin_config_init() - fill in the defaults */
void twin_config_init(struct twin_config *config);

/** twin_create() - returns NULL without memory; @ops and @config are copied */
struct twin *twin_create(const struct twin_config *config, const struct twin_ops *ops, void *opaque);

/** twin_destroy() - no worker may be inside twin_work() any more */
void twin_destroy(struct twin *twin);

/** twin_power_on() - reset of the whole machine; only the guest error counts survive */
void twin_power_on(struct twin *twin);

/* Register access; @bytes is the width the CPU used, anything but 4 is a guest error */
uint32_t twin_core_read(struct twin *twin, unsigned int core, uint32_t offset, unsigned int bytes);
void twin_core_write(struct twin *twin, unsigned int core, uint32_t offset, uint32_t value, unsigned int bytes);
uint32_t twin_ctl_read(struct twin *twin, uint32_t offset, unsigned int bytes);
void twin_ctl_write(struct twin *twin, uint32_t offset, uint32_t value, unsigned int bytes);
uint32_t twin_reset_read(struct twin *twin, uint32_t offset, unsigned int bytes);
void twin_reset_write(struct twin *twin, uint32_t offset, uint32_t value, unsigned int bytes);

/** twin_timer() - the core's timer has expired */
void twin_timer(struct twin *twin, unsigned int core);

/** twin_work() - compute the core's current task; worker thread, no outer lock */
void twin_work(struct twin *twin, unsigned int core);

/** twin_work_done() - twin_work() has returned; outer lock held */
void twin_work_done(struct twin *twin, unsigned int core);

/** twin_cancel() - make running twin_work() calls stop at their next memory access */
void twin_cancel(struct twin *twin);

/** twin_summary() - the closing line "twin: N guest errors, M unacknowledged" */
void twin_summary(struct twin *twin, char *line, size_t bytes);

#endif /* TWIN_H */
