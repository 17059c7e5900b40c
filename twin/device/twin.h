/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * Copyright (C) the rknpu authors
 *
 * DOC: public interface of the twin, a model of the NPU of RK3588 and two related
 * SoCs, in plain C.
 *
 * The library contains the three cores (program controller, register files, IOMMU
 * banks), the reset block and the control page. It depends neither on QEMU nor on
 * the kernel: memory, time, interrupt lines and the log are provided by &struct
 * twin_ops, so the same objects can be linked into QEMU and into host tests.
 *
 * Threads: every function here except twin_work() is called under one outer lock
 * (QEMU's big lock); twin_work() runs without it. The library's own locks protect
 * state that both sides use, and are never held while it waits.
 */
#ifndef TWIN_H
#define TWIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TWIN_MAX_CORES		3
#define TWIN_COUNTER_SETS	2
#define TWIN_TIME_NEVER		UINT64_MAX
#define TWIN_LINE_MHU		TWIN_MAX_CORES	/* interrupt line of the firmware's doorbell */
#define TWIN_LINES		(TWIN_MAX_CORES + 1)

struct twin;

/**
 * struct twin_ops - services that the twin needs from the machine
 * @now_ns: return the virtual time
 * @timer_set: call twin_timer(core) once virtual time reaches @when_ns;
 *	TWIN_TIME_NEVER cancels. There is one timer per core; a new time replaces the old one.
 * @irq_set: set the level of an interrupt line, that of a core or TWIN_LINE_MHU
 * @mem_read: read physical memory; returns false if there is no RAM. Any thread.
 * @mem_write: write physical memory; returns false if there is no RAM. Any thread.
 * @log: print one line of text without newline. Any thread, but never two at once.
 * @pause: release the outer lock and delay the processor that wrote a register, while others
 *	run. NULL if not possible.
 * @work_start: let a worker call twin_work(core), then twin_work_done(core)
 *	under the outer lock. NULL selects sync mode: tasks are computed inside
 *	twin_timer().
 */
struct twin_ops {
	uint64_t (*now_ns)(void *opaque);
	void (*timer_set)(void *opaque, unsigned int core, uint64_t when_ns);
	void (*irq_set)(void *opaque, unsigned int line, bool level);
	bool (*mem_read)(void *opaque, uint64_t addr, void *buf, size_t bytes);
	bool (*mem_write)(void *opaque, uint64_t addr, const void *buf, size_t bytes);
	void (*log)(void *opaque, const char *line);
	void (*pause)(void *opaque, uint32_t ms);
	void (*work_start)(void *opaque, unsigned int core);
};

struct twin_island_soc;

/**
 * struct twin_timing - how long the compute units of an SoC take, at its highest rate
 * @clock_mhz: that rate
 * @macs_per_cycle: products of 8-bit types
 * @bytes_per_cycle: what one core moves to and from memory while no other one does
 * @bytes_together: what all cores move together
 * @latency_cycles: from the first fetch of a task to its first MAC, and from the last MAC to the last write
 * @task_overhead_ns: fetch of a task's command words, and its set-up
 */
struct twin_timing {
	uint32_t clock_mhz;
	uint32_t macs_per_cycle;
	uint32_t bytes_per_cycle;
	uint32_t bytes_together;
	uint32_t latency_cycles;
	uint32_t task_overhead_ns;
};

/**
 * struct twin_soc - one member of the family
 * @cores: number of cores of a complete part
 * @core_addr: physical address of each core's window of @window_bytes
 * @spi: interrupt number of each core
 * @banks: offsets of each core's IOMMU banks in its window; 0 ends the list
 * @version: value of VERSION, and @version_num that of VERSION_NUM
 * @words_per_amount: command words per unit of REGISTER_AMOUNTS
 * @task_number: field of TASK_CON, as are the next two members
 * @task_status: offset of TASK_STATUS
 * @pc_done: TASK_STATUS has two counters, and raw bits are set for every task
 * @reset_lines: TWIN_LINE_* that a core has
 * @needs_priming: CNA DATA_SIZE1 of core 0 must be written before the first start
 * @block_2000: there are registers at 0x2000
 * @counters: offsets of the byte counters in core 0's window
 * @qos_addr: physical address of the bus priority registers, 0 if there are none
 * @phys_bits: width of a physical address
 * @sram_addr: physical address of the system SRAM of @sram_bytes
 * @timing: of the compute units that it has in the model, and @own_timing that of its own, if those can be had instead
 * @island: its power island
 */
struct twin_soc {
	const char *name;
	unsigned int cores;
	uint64_t core_addr[TWIN_MAX_CORES];
	uint32_t window_bytes;
	unsigned int spi[TWIN_MAX_CORES];
	uint32_t banks[TWIN_MAX_CORES][2];
	uint32_t version;
	uint32_t version_num;
	unsigned int words_per_amount;
	uint32_t task_number;
	uint32_t task_pp_en;
	uint32_t task_count_clear;
	uint32_t task_status;
	bool pc_done;
	uint32_t reset_lines;
	bool needs_priming;
	bool block_2000;
	uint32_t counters[TWIN_COUNTER_SETS];
	uint64_t qos_addr;
	unsigned int phys_bits;
	uint64_t sram_addr;
	uint32_t sram_bytes;
	const struct twin_timing *timing;
	const struct twin_timing *own_timing;
	const struct twin_island_soc *island;
};

/** twin_soc_find() - find an SoC by name: "rk3588", "rk3576" or "rk3568"; returns NULL for others */
const struct twin_soc *twin_soc_find(const char *name);

/**
 * struct twin_config - configuration, fixed for the life of a twin
 * @soc: the SoC to model
 * @cores: number of cores, from 1 to that of the SoC
 * @timing: how long work takes; NULL: as long as on @soc. Rates of 0 below are this one's.
 * @clock_mhz: initial value of TWIN_CLOCK_MHZ
 * @macs_per_cycle: initial value of TWIN_MACS_PER_CYCLE
 * @bytes_per_cycle: initial value of TWIN_BYTES_PER_CYCLE
 * @task_overhead_ns: initial value of TWIN_TASK_OVERHEAD_NS
 * @fault_retry_ns: time from "page fault done" to the next attempt of the access
 * @reset_skew_ns: maximum time between the releases of the two reset lines of a core
 * @fault_storm: true: the access is retried after "page fault done";
 *	false: it gets an error response, and nothing more happens
 * @allow_untranslated: DMA while paging is off is not a guest error
 * @fail_fast: a task that the units refuse ends its job at once, as a page fault at its command words
 * @dump_dir: directory in which refused tasks are saved, each in a directory of its own; NULL disables
 *	this. Must outlive the twin.
 * @own_units: RK3568: use compute units of that SoC instead of RK3588's
 * @no_results: tasks take their time, but read and write nothing
 * @island: model power, clocks and supplies of the SoC, which are off initially
 * @workers: threads that share long calculations, of all cores; NULL if a task keeps to one. Must outlive
 *	the twin. Neither results nor modelled time depend on them.
 */
struct twin_config {
	const struct twin_soc *soc;
	unsigned int cores;
	const struct twin_timing *timing;
	uint32_t clock_mhz;
	uint32_t macs_per_cycle;
	uint32_t bytes_per_cycle;
	uint32_t task_overhead_ns;
	uint64_t fault_retry_ns;
	uint64_t reset_skew_ns;
	bool fault_storm;
	bool allow_untranslated;
	bool fail_fast;
	const char *dump_dir;
	bool own_units;
	bool no_results;
	bool island;
	const struct twin_workers *workers;
};

/** twin_config_init() - fill in the default configuration */
void twin_config_init(struct twin_config *config);

/** twin_create() - create a twin; copies @ops and @config, returns NULL if out of memory */
struct twin *twin_create(const struct twin_config *config, const struct twin_ops *ops, void *opaque);

/** twin_destroy() - free a twin; no worker may be in twin_work() any more */
void twin_destroy(struct twin *twin);

/** twin_power_on() - reset the whole machine; only the guest error counts are kept */
void twin_power_on(struct twin *twin);

/* Register access; @bytes is the width of the CPU's access: anything but 4 is a guest error */
uint32_t twin_core_read(struct twin *twin, unsigned int core, uint32_t offset, unsigned int bytes);
void twin_core_write(struct twin *twin, unsigned int core, uint32_t offset, uint32_t value, unsigned int bytes);
uint32_t twin_ctl_read(struct twin *twin, uint32_t offset, unsigned int bytes);
void twin_ctl_write(struct twin *twin, uint32_t offset, uint32_t value, unsigned int bytes);
uint32_t twin_reset_read(struct twin *twin, uint32_t offset, unsigned int bytes);
void twin_reset_write(struct twin *twin, uint32_t offset, uint32_t value, unsigned int bytes);
uint32_t twin_power_read(struct twin *twin, uint32_t offset, unsigned int bytes);
void twin_power_write(struct twin *twin, uint32_t offset, uint32_t value, unsigned int bytes);
uint32_t twin_qos_read(struct twin *twin, uint32_t offset, unsigned int bytes);
void twin_qos_write(struct twin *twin, uint32_t offset, uint32_t value, unsigned int bytes);

/**
 * struct twin_region - registers of the power island
 * @bytes: size of the region; 0 ends the list
 * @ram: memory that both sides write, without register functions
 */
struct twin_region {
	const char *name;
	uint64_t addr;
	uint32_t bytes;
	bool ram;
	uint32_t (*read)(struct twin *twin, uint64_t addr, unsigned int bytes);
	void (*write)(struct twin *twin, uint64_t addr, uint32_t value, unsigned int bytes);
};

/* Regions that the machine maps if there is a power island; 0 bytes end the list. The functions take physical addresses. */
const struct twin_region *twin_island_regions(const struct twin_soc *soc);

/** twin_timer() - tell the twin that the core's timer has expired */
void twin_timer(struct twin *twin, unsigned int core);

/** twin_work() - compute the core's current task; worker thread, no outer lock */
void twin_work(struct twin *twin, unsigned int core);

/** twin_work_done() - finish the task after twin_work() has returned; outer lock held */
void twin_work_done(struct twin *twin, unsigned int core);

/** twin_cancel() - make running twin_work() calls stop at their next memory access */
void twin_cancel(struct twin *twin);

/** twin_summary() - format the final line "twin: N guest errors, M unacknowledged" */
void twin_summary(struct twin *twin, char *line, size_t bytes);

#endif /* TWIN_H */
